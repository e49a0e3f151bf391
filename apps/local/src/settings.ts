import { resolve } from 'node:path';

import { isLoopback } from '@ccg/edge';
import { problemsOf } from '@ccg/startup';
import type { Environment } from '@ccg/startup';
import { z } from 'zod';

/** The variables that this app itself reads; everything else of the environment is the gateway's. */
const settingsSchema = z.object({
  DATA_DIR: optional(z.string()),
  ALLOW_KEYLESS: optional(z.stringbool({ truthy: ['true'], falsy: ['false'], error: 'must be true or false' })),
  LOG_EXCHANGE: optional(z.string()),
  LOCAL_STORE: optional(
    z.enum(['redis-url', 'redis-server', 'embedded'], { error: 'must be redis-url, redis-server or embedded' }),
  ),
});

/** The names of the variables that only this app reads. */
export const localVariables: readonly string[] = Object.keys(settingsSchema.shape);

export interface Settings {
  /** Absolute. */
  readonly dataDir: string;
  /** Whether programs on this machine need no API key. */
  readonly allowKeyless: boolean;
  /** Absolute; where exchanges with providers are recorded. Undefined: nowhere. */
  readonly exchangeFolder: string | undefined;
  readonly forcedStore: 'redis-url' | 'redis-server' | 'embedded' | undefined;
}

export type ReadSettings =
  | { readonly kind: 'read'; readonly settings: Settings }
  | { readonly kind: 'faulty'; readonly problems: readonly string[] };

/** Reads this app's own variables; `root` is the repository's folder, where relative paths begin. */
export function readSettings(env: Environment, root: string): ReadSettings {
  const parsed = settingsSchema.safeParse(env);
  const problems = [...problemsOf(parsed.error), ...openAddress(env)];
  if (!parsed.success || problems.length > 0) return { kind: 'faulty', problems };
  const { DATA_DIR = '.data', ALLOW_KEYLESS = false, LOG_EXCHANGE, LOCAL_STORE } = parsed.data;
  const settings = {
    dataDir: resolve(root, DATA_DIR),
    allowKeyless: ALLOW_KEYLESS,
    exchangeFolder: LOG_EXCHANGE === undefined ? undefined : resolve(root, LOG_EXCHANGE),
    forcedStore: LOCAL_STORE,
  };
  return { kind: 'read', settings };
}

/** Without an API key only those may get in who are on this machine. */
function openAddress(env: Environment): readonly string[] {
  const isKeyless = settingsSchema.shape.ALLOW_KEYLESS.safeParse(env['ALLOW_KEYLESS']).data === true;
  const host = env['HOST']?.trim() ?? '';
  if (!isKeyless || host === '' || isLoopback(host)) return [];
  return [
    `ALLOW_KEYLESS lets in whoever reaches the gateway, so it works on a loopback address alone, but HOST is ${host}. ` +
      'Set HOST to 127.0.0.1, or remove ALLOW_KEYLESS.',
  ];
}

/** An empty variable counts as unset: compose files and charts cannot leave one out. */
function optional<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (value === '' ? undefined : value), schema.optional());
}
