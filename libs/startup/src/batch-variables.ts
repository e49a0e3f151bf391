import type { S3FilesOptions } from '@ccg/batches';
import { optionalText, wholeNumber } from '@ccg/catalog';
import { assertNever } from '@ccg/kernel';
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
    z.enum(['redis', 'directory', 's3'], { error: 'must be one of redis, directory, s3' }).default('redis'),
  ),
  BATCH_DIR: optionalText(),
  BATCH_S3_BUCKET: optionalText(),
  BATCH_S3_ENDPOINT: optionalText().refine((value) => value === undefined || isPlainUrl(value), {
    error: 'must be the http:// or https:// URL of an S3-compatible store',
  }),
  BATCH_RETENTION_DAYS: wholeNumber({ min: 1, max: 3650, unset: 29 }),
};

export interface BatchSettings {
  /** Where clients reach the gateway; undefined where it offers no batches. */
  readonly publicBaseUrl: string | undefined;
  readonly batchFiles:
    | { readonly kind: 'redis' }
    | { readonly kind: 'directory'; readonly path: string }
    | ({ readonly kind: 's3' } & S3FilesOptions);
  /** How long results are kept after the creation of a batch. */
  readonly batchRetentionMs: number;
}

const dayMs = 24 * 60 * 60 * 1000;

export function batchSettings(values: z.output<z.ZodObject<typeof batchVariables>>): BatchSettings {
  return {
    publicBaseUrl: values.PUBLIC_BASE_URL,
    batchFiles: filesOf(values),
    batchRetentionMs: values.BATCH_RETENTION_DAYS * dayMs,
  };
}

function filesOf(values: z.output<z.ZodObject<typeof batchVariables>>): BatchSettings['batchFiles'] {
  const { BATCH_STORE: kind, BATCH_DIR: path = '', BATCH_S3_BUCKET: bucket = '', BATCH_S3_ENDPOINT: endpoint } = values;
  switch (kind) {
    case 'redis':
      return { kind };
    case 'directory':
      return { kind, path };
    case 's3':
      return { kind, bucket, endpoint };
    default:
      return assertNever(kind);
  }
}

/** What is wrong with these variables together. */
export function batchProblems(env: Environment): readonly string[] {
  const isSet = (name: string) => (env[name] ?? '').trim() !== '';
  const kind = env['BATCH_STORE']?.trim();
  if (kind === 'directory' && !isSet('BATCH_DIR')) {
    return ['BATCH_DIR: is required with BATCH_STORE=directory: the folder for the inputs and results of batches.'];
  }
  if (kind === 's3' && !isSet('BATCH_S3_BUCKET')) {
    return ['BATCH_S3_BUCKET: is required with BATCH_STORE=s3: the bucket for the inputs and results of batches.'];
  }
  return [];
}

function isPlainUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, password, search, hash } = new URL(value);
  return /^https?:$/u.test(protocol) && username + password + search + hash === '';
}
