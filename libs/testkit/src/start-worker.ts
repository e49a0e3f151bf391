import { startApp } from './app-process.ts';
import type { AppProcess } from './app-process.ts';

/**
 * Starts `apps/worker` as a process with nothing but the given environment, in an empty folder; resolves when `/readyz`
 * answers 200. Throws with the output when the process ends before that.
 */
export async function startWorker(env: Readonly<Record<string, string>>): Promise<AppProcess> {
  const greeting = 'the worker runs items of batches';
  return (await startApp({ app: 'worker', env: { OPS_PORT: '0', ...env }, greeting })).app;
}
