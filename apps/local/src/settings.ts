import { resolve } from 'node:path';

import { StartError } from '@ccg/gateway';
import type { Environment } from '@ccg/gateway';
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

/** Reads this app's own variables; `root` is the repository's folder, where relative paths begin. */
export function readSettings(env: Environment, root: string): Settings {
  const parsed = settingsSchema.safeParse(env);
  if (!parsed.success) {
    throw new StartError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
  }
  const { DATA_DIR = '.data', ALLOW_KEYLESS = false, LOG_EXCHANGE, LOCAL_STORE } = parsed.data;
  return {
    dataDir: resolve(root, DATA_DIR),
    allowKeyless: ALLOW_KEYLESS,
    exchangeFolder: LOG_EXCHANGE === undefined ? undefined : resolve(root, LOG_EXCHANGE),
    forcedStore: LOCAL_STORE,
  };
}

/** An empty variable counts as unset: compose files and charts cannot leave one out. */
function optional<T extends z.ZodType>(schema: T) {
  return z.preprocess((value) => (value === '' ? undefined : value), schema.optional());
}
