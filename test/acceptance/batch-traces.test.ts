import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { jsonScript, playModel, say, startOtlpReceiver, startScriptedUpstream } from '@ccg/testkit';
import type { OtlpReceiver, ReceivedSpan, ScriptedUpstream } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { endLocal, startLocal } from './support/start-local.ts';
import type { LocalProcess } from './support/start-local.ts';

const patience = { timeout: 30_000, interval: 100 };
const params = {
  model: 'claude-haiku-4-5',
  max_tokens: 64,
  temperature: 0.5,
  messages: [{ role: 'user' as const, content: 'a secret prompt of a batch' }],
};

let dataDir: string;
let collector: OtlpReceiver;
let upstream: ScriptedUpstream;
let local: LocalProcess;
let client: Anthropic;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'ccg-batch-traces-'));
  collector = await startOtlpReceiver();
  upstream = await startScriptedUpstream(
    playModel([{ content: [say('an answer of a batch')], usage: { input: 7, cacheRead: 0, output: 3 } }]),
  );
  local = await startLocal({
    dataDir,
    env: {
      LOCAL_STORE: 'redis-server',
      OPENAI_API_KEY: 'sk-none',
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      BIG_MODEL: 'big',
      SMALL_MODEL: 'small',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    },
  });
  const apiKey = (await readFile(join(dataDir, 'first-key'), 'utf8')).trim();
  client = new Anthropic({ baseURL: local.url, apiKey, authToken: null, maxRetries: 0 });
});
afterEach(async () => {
  await endLocal(local.process, dataDir);
  collector.close();
  await upstream.close();
  await rm(dataDir, { recursive: true });
});

async function runBatch(items: number): Promise<Anthropic.Messages.MessageBatch> {
  const requests = Array.from({ length: items }, (_, index) => ({ custom_id: `item-${index}`, params }));
  const { id } = await client.messages.batches.create({ requests });
  const status = async () => (await client.messages.batches.retrieve(id)).processing_status;
  await expect.poll(status, { timeout: 60_000, interval: 100 }).toBe('ended');
  return await client.messages.batches.retrieve(id);
}

describe('an item of a batch', () => {
  const spansNamed = (name: string) => collector.spans.filter((span) => span.name === name);
  const childrenOf = (parent: ReceivedSpan | undefined) =>
    collector.spans
      .filter(({ traceId, parentSpanId }) => traceId === parent?.traceId && parentSpanId === parent.spanId)
      .toSorted((a, b) => Number(a.startNs - b.startNs));

  test('is one tree: the item, below it each try, below that each attempt; it points to the request that created it', async () => {
    const error = {
      message: "Unsupported parameter: 'temperature'.",
      param: 'temperature',
      code: 'unsupported_parameter',
    };
    upstream.answer(jsonScript(503, { error: { message: 'busy' } }), jsonScript(400, { error }));
    const batch = await runBatch(1);
    expect(batch.request_counts.succeeded).toBe(1);
    await expect.poll(() => spansNamed('batch item').length, patience).toBe(1);
    await expect.poll(() => spansNamed('POST batches_create').length, patience).toBe(1);
    const [item] = spansNamed('batch item');
    const [create] = spansNamed('POST batches_create');
    expect(item).toMatchObject({
      kind: 5,
      parentSpanId: '',
      statusCode: 0,
      links: [{ traceId: create?.traceId, spanId: create?.spanId }],
      attributes: { 'ccg.batch_id': batch.id, 'ccg.batch_index': 0, 'ccg.item_outcome': 'succeeded' },
      resource: { 'service.name': 'claude-code-gateway-worker' },
    });
    const tries = childrenOf(item);
    expect(tries.map(({ attributes }) => attributes['ccg.outcome'])).toEqual(['upstream_overloaded', 'ok']);
    expect(tries[1]?.attributes).toMatchObject({
      'gen_ai.request.model': 'claude-haiku-4-5',
      'gen_ai.response.model': 'small',
      'gen_ai.usage.output_tokens': 3,
      'ccg.request_id': expect.stringMatching(/^req_/u),
    });
    const attempts = tries.map((one) => childrenOf(one).map((span) => span.attributes['http.response.status_code']));
    expect(attempts).toEqual([[503], [400, 200]]);
    // Nothing of the trace is outside of the tree.
    const inTrace = collector.spans.filter(({ traceId }) => traceId === item?.traceId);
    expect(inTrace).toHaveLength(1 + 2 + 3);
    const sent = upstream.requests.map(({ headers }) => headers['traceparent']);
    const calls = tries.flatMap(childrenOf).map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`);
    expect(sent).toEqual(calls);
    const told = JSON.stringify(collector.spans, (_name, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    );
    expect(told).not.toMatch(/secret prompt|an answer of a batch/u);
  });
});

describe('a collector that is of no use', () => {
  test.each([[500], ['silence']] as const)('(%s) holds up neither items nor the end of the process', async (how) => {
    collector.behave(how);
    const { request_counts: counts } = await runBatch(30);
    expect(counts.succeeded).toBe(30);
    local.process.signal('SIGTERM');
    const exit = await local.process.exited;
    expect(exit).toEqual({ code: 0, signal: null });
  });
});
