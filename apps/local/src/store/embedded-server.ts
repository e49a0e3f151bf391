import { rm } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

import { assertNever } from '@ccg/kernel';
import { StartError } from '@ccg/startup';

import type { EmbeddedServerMessage, EmbeddedServerOptions } from './embedded-worker.ts';
import type { JournalState } from './journal/journal.ts';

export interface EmbeddedServer {
  /** The port, where it listens on one. */
  readonly port: number | undefined;
  /** Resolves when the server is gone, whoever ended it. */
  readonly ended: Promise<void>;
  /** Writes what its journal still lacks, and ends it. */
  close(): Promise<void>;
}

/** What a server with a journal may tell while it runs. */
export interface EmbeddedObserver {
  onJournal(state: JournalState): void;
  /** One line for people. */
  say(line: string): void;
}

/** A disk that takes longer than this to write what is left does not answer at all. */
const closeTimeoutMs = 10_000;

/**
 * Starts the embedded Redis in a thread of its own: it is bound by the CPU and would stall the gateway's loop.
 * Rejects when it cannot listen, with a StartError when its journal is damaged.
 */
export async function startEmbeddedServer(
  options: EmbeddedServerOptions,
  observer?: EmbeddedObserver,
): Promise<EmbeddedServer> {
  const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), { workerData: options, env: {} });
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      resolve();
    });
  });
  const port = await untilListening(worker, observer);
  return {
    port,
    ended,
    async close() {
      worker.postMessage('close');
      const giveUp = setTimeout(() => void worker.terminate(), closeTimeoutMs);
      await ended;
      clearTimeout(giveUp);
      if (options.listen.path !== undefined) await rm(options.listen.path, { force: true });
    },
  };
}

function untilListening(worker: Worker, observer: EmbeddedObserver | undefined): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    worker.on('message', (message: EmbeddedServerMessage) => {
      switch (message.kind) {
        case 'listening': {
          const { address } = message;
          resolve(typeof address === 'object' && address !== null ? address.port : undefined);
          return;
        }
        case 'refused':
          void worker.terminate();
          reject(new StartError(message.message));
          return;
        case 'journal':
          observer?.onJournal(message.state);
          return;
        case 'said':
          observer?.say(message.line);
          return;
        default:
          assertNever(message);
      }
    });
    // An error ends the thread; without a listener it would end this process too.
    worker.on('error', reject);
    worker.on('exit', () => {
      reject(new Error('the embedded store ended before it listened'));
    });
  });
}
