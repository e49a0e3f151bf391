import { resolve } from 'node:path';

import type { Environment } from '@ccg/gateway';
import { settingsSchema } from './settings-schema.ts';
import { StartError } from '@ccg/gateway';

export interface Settings {
  /** Absolute. */
  readonly dataDir: string;
  readonly forcedStore: 'redis-url' | 'redis-server' | 'embedded' | undefined;
}

/** Reads this app's own variables; `root` is the repository's folder, where relative paths begin. */
export function readSettings(env: Environment, root: string): Settings {
  const parsed = settingsSchema.safeParse(env);
  if (!parsed.success) {
    throw new StartError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('\n'));
  }
  return { dataDir: resolve(root, parsed.data.DATA_DIR ?? '.data'), forcedStore: parsed.data.LOCAL_STORE };
}
