import { parentPort, workerData } from 'node:worker_threads';

import { composeExchangeFile } from './compose-file.ts';
import type { CollectedExchange } from './compose-file.ts';
import { exchangeName, openExchangeFolder } from './exchange-folder.ts';

/** What the thread is started with. */
export interface ExchangeWorkerOptions {
  readonly folder: string;
  readonly fileMaxBytes: number;
  readonly folderMaxBytes: number;
}

/** What became of an exchange, in the order in which they were sent. */
export type ExchangeWritten =
  | { readonly kind: 'written' }
  | { readonly kind: 'failed'; readonly folder: string; readonly reason: string };

const { folder, fileMaxBytes, folderMaxBytes } = workerData as ExchangeWorkerOptions;
const opening = openExchangeFolder(folder, folderMaxBytes);
// Whoever writes first tells of a folder that cannot be read.
opening.catch(() => undefined);
let before = Promise.resolve();

parentPort?.on('message', (message: CollectedExchange | 'close') => {
  before = before.then(async () => {
    if (message === 'close') parentPort?.close();
    else parentPort?.postMessage(await write(message));
  });
});

async function write(collected: CollectedExchange): Promise<ExchangeWritten> {
  try {
    const files = await opening;
    const { recordedAt, requestId } = collected;
    await files.write(exchangeName(recordedAt, requestId), composeExchangeFile(collected, fileMaxBytes));
    return { kind: 'written' };
  } catch (thrown) {
    return { kind: 'failed', folder, reason: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
