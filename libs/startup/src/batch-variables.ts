import { createDirectoryFiles, createRedisFiles } from '@ccg/batches';
import type { BatchFiles } from '@ccg/batches';
import { optionalText, wholeNumber } from '@ccg/catalog';
import { assertNever } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import { z } from 'zod';
import type { Environment } from './environment.ts';

/** What every process that has to do with batches reads. */
export const batchVariables = {
  PUBLIC_BASE_URL: optionalText()
    .refine((value) => value === undefined || isPlainUrl(value), {
      error: 'must be the http:// or https:// URL at which clients reach the gateway, without user, query or fragment',
    })
    .transform((value) => value?.replace(/\/+$/u, '')),
  BATCH_STORE: optionalText().pipe(
    z.enum(['redis', 'directory'], { error: 'must be one of redis, directory' }).default('redis'),
  ),
  BATCH_DIR: optionalText(),
  BATCH_RETENTION_DAYS: wholeNumber({ min: 1, max: 3650, unset: 29 }),
};

export interface BatchSettings {
  /** Where clients reach the gateway; undefined where it offers no batches. */
  readonly publicBaseUrl: string | undefined;
  readonly batchFiles: { readonly kind: 'redis' } | { readonly kind: 'directory'; readonly path: string };
  /** How long results are kept after the creation of a batch. */
  readonly batchRetentionMs: number;
}

const dayMs = 24 * 60 * 60 * 1000;

export function batchSettings(values: z.output<z.ZodObject<typeof batchVariables>>): BatchSettings {
  const { PUBLIC_BASE_URL: publicBaseUrl, BATCH_STORE: kind, BATCH_DIR: path = '' } = values;
  return {
    publicBaseUrl,
    batchFiles: kind === 'directory' ? { kind, path } : { kind },
    batchRetentionMs: values.BATCH_RETENTION_DAYS * dayMs,
  };
}

/** What is wrong with these variables together. */
export function batchProblems(env: Environment): readonly string[] {
  const isSet = (name: string) => (env[name] ?? '').trim() !== '';
  if (env['BATCH_STORE']?.trim() !== 'directory' || isSet('BATCH_DIR')) return [];
  return ['BATCH_DIR: is required with BATCH_STORE=directory: the folder for the inputs and results of batches.'];
}

/** Opens the store of inputs and results. */
export function openBatchFiles({ batchFiles }: Pick<BatchSettings, 'batchFiles'>, store: Store): BatchFiles {
  switch (batchFiles.kind) {
    case 'redis':
      return createRedisFiles(store);
    case 'directory':
      return createDirectoryFiles(batchFiles.path);
    default:
      return assertNever(batchFiles);
  }
}

function isPlainUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/u.test(protocol) && username + password + search + hash === '';
}
