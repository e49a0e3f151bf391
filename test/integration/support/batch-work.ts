import { parseConfig, startGateway } from '@ccg/gateway';
import type { RunningGateway } from '@ccg/gateway';
import { jsonAt, jsonTextAt } from '@ccg/testkit';
import { parseWorkerConfig, startWorker } from '@ccg/worker';
import { fetch } from 'undici';
import { pepper } from './admin-rig.ts';
import type { AdminRig } from './admin-rig.ts';

/** A gateway that offers batches, and workers, beside an admin API on the same Redis. */
export interface BatchWork {
  readonly gateway: RunningGateway;
  /** Starts a worker that runs so many items at a time. */
  work(slots: number): Promise<void>;
  stopWorking(): Promise<void>;
  /** Creates a batch of so many equal requests, and gives its id. */
  create(apiKey: string, items: number, params?: object): Promise<string>;
  /** The request ids of the tries of a batch that have a line in the log of the workers, in their order. */
  triesOf(batch: string): readonly string[];
  /** The request ids that the errors among its results name. */
  resultRequestIds(apiKey: string, batch: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Everything that asks a model asks the one at `upstreamUrl`. */
export async function openBatchWork(redis: AdminRig['redis'], upstreamUrl: string): Promise<BatchWork> {
  const env = {
    REDIS_URL: redis.url,
    REDIS_KEY_PREFIX: redis.keyPrefix,
    KEY_PEPPER: pepper,
    RATE_LIMIT_RPM: '',
    PUBLIC_BASE_URL: 'https://gateway.example.com',
    BATCH_STORE: 'redis',
    OPS_PORT: '0',
    PREFERRED_PROVIDER: 'anthropic',
    ANTHROPIC_API_KEY: 'sk-none',
    ANTHROPIC_API_BASE: upstreamUrl,
    MODEL_LIST_INTERVAL_MS: '0',
  };
  const log = { write() {} };
  const workerLines: string[] = [];
  const parsed = parseConfig({ ...env, PORT: '0' });
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  const gateway = await startGateway(parsed.config, { log });
  const workers: Awaited<ReturnType<typeof startWorker>>[] = [];
  const stopWorking = async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.drain()));
  };
  return {
    gateway,
    async work(slots) {
      const worker = parseWorkerConfig({ ...env, WORKER_SLOTS: String(slots) });
      if (worker.kind === 'faulty') throw new Error(worker.message);
      workers.push(await startWorker(worker.config, { log: { write: (line) => workerLines.push(line) } }));
    },
    stopWorking,
    triesOf: (batch) =>
      workerLines
        .map((line): unknown => JSON.parse(line))
        .filter((line) => jsonAt(line, 'batch') === batch && jsonAt(line, 'msg') === 'item')
        .map((line) => jsonTextAt(line, 'requestId')),
    async create(apiKey, items, changes = {}) {
      const messages = [{ role: 'user', content: 'a secret prompt' }];
      const params = { model: 'claude-opus-5-5', max_tokens: 8, messages, ...changes };
      const requests = Array.from({ length: items }, (_, at) => ({ custom_id: `item-${at}`, params }));
      const answer = await fetch(`${gateway.url}/v1/messages/batches`, {
        method: 'POST',
        headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
        body: JSON.stringify({ requests }),
      });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`The batch was refused: ${text}`);
      return jsonTextAt(JSON.parse(text), 'id');
    },
    async resultRequestIds(apiKey, batch) {
      const answer = await fetch(`${gateway.url}/v1/messages/batches/${batch}/results`, {
        headers: { 'x-api-key': apiKey },
      });
      const lines = (await answer.text()).trimEnd().split('\n');
      return lines.map((line) => jsonTextAt(JSON.parse(line), 'result', 'error', 'request_id'));
    },
    async close() {
      await stopWorking();
      await gateway.drain();
    },
  };
}
