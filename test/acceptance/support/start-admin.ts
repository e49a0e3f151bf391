import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCache, jsonTextAt, startProcess } from '@ccg/testkit';

import { repositoryRoot } from '../../gates/repository-root.ts';

/** The admin app as a process, beside a gateway. */
export interface AdminProcess {
  readonly url: string;
  /** Base URL of its ops listener. */
  readonly opsUrl: string;
  /** Holds the token of the operators. */
  readonly tokenFile: string;
  stop(): Promise<void>;
}

/** Starts `apps/admin` on the store of a gateway, whose environment it gets; resolves when it listens. */
export async function startAdminProcess(env: Readonly<Record<string, string>>): Promise<AdminProcess> {
  const cwd = await mkdtemp(join(tmpdir(), 'ccg-admin-'));
  const tokenFile = join(cwd, 'admin-token');
  await writeFile(tokenFile, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
  const child = startProcess({
    command: process.execPath,
    args: [join(repositoryRoot, 'apps/admin/start.js')],
    cwd,
    env: { ENV_FILE: '', ...compileCache, ...env, ADMIN_PORT: '0', OPS_PORT: '0', ADMIN_TOKEN_FILE: tokenFile },
  });
  const listening = new Promise<{ url: string; opsUrl: string }>((resolve) => {
    child.onStdoutLine((text) => {
      if (!text.includes('"msg":"the admin API listens"')) return;
      const line: unknown = JSON.parse(text);
      resolve({ url: jsonTextAt(line, 'url'), opsUrl: jsonTextAt(line, 'opsUrl') });
    });
  });
  const failed = child.exited.then(() => {
    throw new Error(`The admin app ended before it listened.\n${child.stdout()}${child.stderr()}`);
  });
  const { url, opsUrl } = await Promise.race([listening, failed]);
  // It ends when the test has what it wanted.
  failed.catch(() => {});
  return {
    url,
    opsUrl,
    tokenFile,
    async stop() {
      child.killGroup();
      await child.exited;
      await rm(cwd, { recursive: true, force: true });
    },
  };
}
