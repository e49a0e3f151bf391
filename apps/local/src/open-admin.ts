import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { adminAddresses, parseAdminConfig, startAdmin } from '@ccg/admin';
import { Secret } from '@ccg/kernel';
import { explainListenError, StartError } from '@ccg/startup';
import type { Environment } from '@ccg/startup';
import type { LogOutput, Metrics } from '@ccg/telemetry';

import { readOrCreateSecret } from './data-dir.ts';

export interface LocalAdmin {
  readonly url: string;
  /** Where the token of the operators is. */
  readonly tokenFile: string;
  drain(): Promise<void>;
}

/** Starts the admin API; the token of its operators is made once and kept in `dataDir` (0600) unless a file is named. */
export async function openAdmin(
  env: Environment,
  dataDir: string,
  { metrics, log, say }: { readonly metrics: Metrics; readonly log: LogOutput; say(line: string): void },
): Promise<LocalAdmin> {
  const tokenFile = env['ADMIN_TOKEN_FILE']?.trim() || join(dataDir, 'admin-token');
  if (!env['ADMIN_TOKEN_FILE']?.trim()) {
    await readOrCreateSecret(tokenFile, () => new Secret(randomBytes(32).toString('hex')));
  }
  const parsed = parseAdminConfig({ ...env, ADMIN_TOKEN_FILE: tokenFile });
  if (parsed.kind === 'faulty') throw new StartError(parsed.message);
  for (const warning of parsed.warnings) say(`Warning: ${warning}`);
  const { config } = parsed;
  const admin = await startAdmin(config, { sharedMetrics: metrics, log }).catch((thrown: unknown) =>
    explainListenError(thrown, adminAddresses(config)),
  );
  return { ...admin, tokenFile };
}
