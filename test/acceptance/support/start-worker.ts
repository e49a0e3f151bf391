import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCache, jsonTextAt, startProcess } from '@ccg/testkit';

import { repositoryRoot } from '../../gates/repository-root.ts';

/** A worker as a process, beside a gateway. */
export interface WorkerProcess {
  /** Base URL of its ops listener. */
  readonly opsUrl: string;
  /** Everything written so far, to stdout and stderr. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts `apps/worker` on the store of a gateway, whose environment it gets; resolves when it runs items. */
export async function startWorkerProcess(env: Readonly<Record<string, string>>): Promise<WorkerProcess> {
  const cwd = await mkdtemp(join(tmpdir(), 'ccg-worker-'));
  const child = startProcess({
    command: process.execPath,
    args: [join(repositoryRoot, 'apps/worker/start.js')],
    cwd,
    env: { ENV_FILE: '', ...compileCache, ...env, OPS_PORT: '0' },
  });
  const output = (): string => `${child.stdout()}${child.stderr()}`;
  const running = new Promise<string>((resolve) => {
    child.onStdoutLine((text) => {
      if (text.includes('"msg":"the worker runs items of batches"')) resolve(jsonTextAt(JSON.parse(text), 'opsUrl'));
    });
  });
  const failed = child.exited.then(() => {
    throw new Error(`The worker ended before it ran.\n${output()}`);
  });
  const opsUrl = await Promise.race([running, failed]);
  // It ends when the test has what it wanted.
  failed.catch(() => {});
  return {
    opsUrl,
    output,
    async stop() {
      child.killGroup();
      await child.exited;
      await rm(cwd, { recursive: true, force: true });
    },
  };
}
