import { Worker } from 'node:worker_threads';

import type { GatewayConfig } from '@ccg/gateway';
import type { Recorder } from '@ccg/serving';
import type { Logger } from '@ccg/telemetry';

import { collectExchange } from './collect-exchange.ts';
import type { CollectedExchange } from './compose-file.ts';
import { prepareExchangeFolder } from './prepare-folder.ts';
import type { ExchangeWorkerOptions, ExchangeWritten } from './exchange-worker.ts';

/** Writes every exchange with a provider into a folder, in a thread of its own. */
export interface ExchangeLog {
  /** Says in the log that prompts are written. What cannot be written later is said there too, once. */
  recorder(logger: Logger): Recorder;
  /** Resolves when what was recorded is written, or was given up. */
  close(): Promise<void>;
}

interface ExchangeLogOptions {
  readonly fileMaxBytes: number;
  readonly folderMaxBytes: number;
}

const exchangeLogDefaults: ExchangeLogOptions = {
  fileMaxBytes: 16 * 1024 * 1024,
  folderMaxBytes: 256 * 1024 * 1024,
};

/** How many exchanges may wait for a slow disk, in files of the largest size. */
const waitingMaxFiles = 4;
const closeTimeoutMs = 5000;

type Config = Pick<GatewayConfig, 'catalog' | 'keyPeppers' | 'sealingKeys' | 'upstreamProxy' | 'redis'>;

/** @throws StartError when the folder cannot be used. */
export async function openExchangeLog(
  folder: string,
  config: Config,
  { fileMaxBytes, folderMaxBytes } = exchangeLogDefaults,
): Promise<ExchangeLog> {
  await prepareExchangeFolder(folder);
  const workerData: ExchangeWorkerOptions = { folder, fileMaxBytes, folderMaxBytes };
  const worker = new Worker(new URL('./exchange-worker.ts', import.meta.url), { workerData, env: {} });
  const hasExited = new Promise<void>((resolve) => {
    worker.once('exit', () => {
      resolve();
    });
  });
  let isOpen = true;
  const reading = new Set<Promise<void>>();
  return {
    recorder(logger) {
      logger.warn({ folder }, 'LOG_EXCHANGE is set: prompts and answers are written to this folder');
      const queue = createQueue(worker, fileMaxBytes, logger);
      const { maxOutputTokens, overrides } = config.catalog;
      const settings = { maxOutputTokens, overrides: [...overrides] };
      return {
        begin: (request) =>
          collectExchange(request, {
            settings,
            maxBytes: fileMaxBytes,
            now: Date.now,
            onEnded(exchange) {
              if (!isOpen) return;
              const sending = readSecrets(config).then((secrets) => {
                queue.send({ ...exchange, secrets: [...exchange.secrets, ...secrets] });
              });
              reading.add(sending);
              void sending.finally(() => reading.delete(sending));
            },
          }),
      };
    },
    async close() {
      isOpen = false;
      await Promise.all(reading);
      worker.postMessage('close');
      const timer = setTimeout(() => void worker.terminate(), closeTimeoutMs);
      await hasExited;
      clearTimeout(timer);
    },
  };
}

/** Hands exchanges to the thread as long as it keeps up, and logs once when it does not or cannot write. */
function createQueue(worker: Worker, fileMaxBytes: number, logger: Logger) {
  const waiting: number[] = [];
  let waitingBytes = 0;
  let isFailing = false;

  function fail(reason: string): void {
    if (!isFailing) logger.warn({ reason }, 'LOG_EXCHANGE: an exchange could not be written; requests go on');
    isFailing = true;
  }

  worker.on('message', (written: ExchangeWritten) => {
    waitingBytes -= waiting.shift() ?? 0;
    if (written.kind === 'failed') fail(written.reason);
    else isFailing = false;
  });
  // Without a listener an error of the thread would end this process.
  worker.on('error', (error) => {
    fail(error instanceof Error ? error.message : String(error));
  });
  return {
    send(exchange: CollectedExchange) {
      const bytes = bytesOf(exchange);
      if (waitingBytes + bytes > waitingMaxFiles * fileMaxBytes) {
        fail('the disk is too slow');
        return;
      }
      waiting.push(bytes);
      waitingBytes += bytes;
      const parts = [exchange.body, ...exchange.calls.flatMap(({ sent, answer }) => [sent, answer])];
      worker.postMessage(
        exchange,
        parts.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer),
      );
    },
  };
}

function bytesOf({ body, calls }: CollectedExchange): number {
  return calls.reduce((total, { sent, answer }) => total + sent.length + answer.length, body.length);
}

/**
 * Every secret of the configuration. A credential that cannot be had now was not sent either; tokens of Google come and
 * go, and stand in no place but the header that is never recorded.
 */
async function readSecrets({ catalog, keyPeppers, sealingKeys, upstreamProxy, redis }: Config): Promise<string[]> {
  const credentials = [...catalog.providers.values()].map(async ({ credential }) =>
    credential === undefined || 'kind' in credential ? '' : credential.reveal(),
  );
  const read = await Promise.allSettled(credentials);
  const urls = [
    upstreamProxy?.url.reveal(),
    redis.url,
    ...(redis.clusterNodes ?? []),
    ...(redis.sentinels?.urls ?? []),
  ];
  const headers = [...catalog.providers.values()].flatMap((provider) => provider.headers ?? []);
  return [
    ...headers.flatMap(([, value]) => (typeof value === 'string' ? [] : [value.reveal()])),
    ...read.map((result) => (result.status === 'fulfilled' ? result.value : '')),
    ...[keyPeppers.current, ...keyPeppers.previous, ...sealingKeys].map((secret) => secret.reveal()),
    redis.password?.reveal() ?? '',
    ...urls.flatMap((url) => (url === undefined || !URL.canParse(url) ? [] : passwordsOf(new URL(url)))),
  ];
}

/** As it stands in the URL and as it is meant. */
function passwordsOf({ password }: URL): string[] {
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}
