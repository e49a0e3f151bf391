import { rm } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

import type { EmbeddedServerOptions } from './embedded-worker.ts';

export interface EmbeddedServer {
  /** The port, where it listens on one. */
  readonly port: number | undefined;
  /** Resolves when the server is gone, whoever ended it. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts the embedded Redis in a thread of its own: it is bound by the CPU and would stall the gateway's loop.
 * It keeps everything in memory. Rejects when it cannot listen.
 */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), { workerData: options, env: {} });
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      resolve();
    });
  });
  const address = await new Promise<unknown>((resolve, reject) => {
    worker.on('message', resolve);
    // An error ends the thread; without a listener it would end this process too.
    worker.on('error', reject);
    worker.on('exit', () => {
      reject(new Error('the embedded store ended before it listened'));
    });
  });
  return {
    port: typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : undefined,
    ended,
    async close() {
      await worker.terminate();
      if (options.listen.path !== undefined) await rm(options.listen.path, { force: true });
    },
  };
}
