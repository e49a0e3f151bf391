import { jsonAt, jsonScript, playModel, say, startGateway, startOtlpReceiver } from '@ccg/testkit';
import type { OtlpReceiver, ReceivedSpan } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStream } from './support/open-stream.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let collector: OtlpReceiver;
let suite: Suite;
beforeAll(async () => {
  collector = await startOtlpReceiver();
  suite = await startSuite('traces', {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20collector-secret',
    OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
  });
});
afterAll(async () => {
  await suite.close();
  collector.close();
});
beforeEach(() => {
  collector.behave(200);
  suite.upstream.reset();
  suite.upstream.play(playModel([{ content: [say('an answer')], usage: { input: 700, cacheRead: 500, output: 21 } }]));
});

const patience = { timeout: 20_000, interval: 100 };
const parentTrace = '4bf92f3577b34da6a3ce929d0e0e4736';
const parentSpan = '00f067aa0ba902b7';

async function ask(headers: Readonly<Record<string, string>> = {}, url = suite.gateway.url) {
  const messages = [{ role: 'user', content: 'a secret prompt' }];
  const body = { model: 'claude-haiku-4-5', max_tokens: 64, temperature: 0.5, stream: true, messages };
  const stream = await openStream(`${url}/v1/messages`, suite.apiKey, body, headers);
  await stream.frames();
  return stream.headers.get('request-id') ?? '';
}

/** The spans of one request, its own first. */
async function spansOf(requestId: string): Promise<readonly ReceivedSpan[]> {
  const root = () => collector.spans.find(({ attributes }) => attributes['ccg.request_id'] === requestId);
  await expect.poll(root, patience).toBeDefined();
  const traceId = root()?.traceId;
  return collector.spans.filter((span) => span.traceId === traceId).toSorted((a, b) => a.kind - b.kind);
}

describe('a request is a trace', () => {
  test('of one span for itself and one for each attempt, which form one tree', async () => {
    const code = 'unsupported_parameter';
    const message = "Unsupported parameter: 'temperature' is not supported with this model.";
    suite.upstream.answer(
      jsonScript(400, { error: { message, type: 'invalid_request_error', param: 'temperature', code } }),
    );
    const requestId = await ask({ 'x-claude-code-session-id': 'the-session' });
    const [request, first, second, ...others] = await spansOf(requestId);
    expect(others).toEqual([]);
    expect(request).toMatchObject({
      name: 'POST messages',
      kind: 2,
      parentSpanId: '',
      statusCode: 0,
      resource: { 'service.name': 'claude-code-gateway', 'deployment.environment.name': 'test' },
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'claude-haiku-4-5',
        'gen_ai.response.model': 'gpt-4.1-mini',
        'gen_ai.provider.name': 'openai',
        'gen_ai.usage.output_tokens': 21,
        'gen_ai.response.finish_reasons': ['end_turn'],
        'http.response.status_code': 200,
        'ccg.tenant': suite.tenant,
        'ccg.api_key_id': suite.apiKeyId,
        'session.id': 'the-session',
      },
    });
    for (const attempt of [first, second]) expect(attempt).toMatchObject({ kind: 3, parentSpanId: request?.spanId });
    expect([first?.statusCode, second?.statusCode]).toEqual([2, 0]);
    expect([first, second].map((span) => span?.attributes['http.response.status_code'])).toEqual([400, 200]);
    const inside = (span: ReceivedSpan | undefined) =>
      span !== undefined && request !== undefined && span.startNs >= request.startNs && span.endNs <= request.endNs;
    expect([inside(first), inside(second)]).toEqual([true, true]);
    const sent = suite.upstream.requests.slice(-2).map(({ headers }) => headers['traceparent']);
    expect(sent).toEqual([first, second].map((span) => `00-${span?.traceId}-${span?.spanId}-01`));
  });

  test('that goes on with the trace of its caller, and the log line has its id', async () => {
    const requestId = await ask({ traceparent: `00-${parentTrace}-${parentSpan}-01` });
    const [request] = await spansOf(requestId);
    expect(request).toMatchObject({ traceId: parentTrace, parentSpanId: parentSpan });
    const line = await suite.gateway.waitForLog((one) => one['requestId'] === requestId);
    expect(line['traceId']).toBe(parentTrace);
  });

  test.each(['garbage', `00-${'0'.repeat(32)}-${parentSpan}-01`, `ff-${parentTrace}-${parentSpan}-01`])(
    'of its own where the caller sends %s',
    async (traceparent) => {
      const [request] = await spansOf(await ask({ traceparent }));
      expect(request).toMatchObject({ parentSpanId: '', traceId: expect.stringMatching(/^(?!0+$)[\da-f]{32}$/u) });
      expect(request?.traceId).not.toBe(parentTrace);
    },
  );

  test('that is not told where its caller does not sample it', async () => {
    const requestId = await ask({ traceparent: `00-${parentTrace}-${parentSpan}-00` });
    await spansOf(await ask());
    expect(collector.spans.map(({ attributes }) => attributes['ccg.request_id'])).not.toContain(requestId);
  });

  test('also where it is refused before anything is asked', async () => {
    const answer = await fetch(`${suite.gateway.url}/v1/messages`, { method: 'POST', body: '{}' });
    const [request] = await spansOf(answer.headers.get('request-id') ?? '');
    expect(request?.attributes).toMatchObject({
      'http.response.status_code': 401,
      'ccg.outcome': 'policy_unauthenticated',
    });
  });
});

test('no prompt, answer or secret is in a span, and the credential of the collector is sent to it alone', async () => {
  await spansOf(await ask());
  const told = JSON.stringify(collector.spans, (_name, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  );
  const secrets = [
    'a secret prompt',
    'an answer',
    'collector-secret',
    suite.apiKey,
    ...Object.values(suite.providerKeys),
  ];
  expect(secrets.filter((secret) => told.includes(secret))).toEqual([]);
  expect(collector.headers.at(-1)?.['authorization']).toBe('Bearer collector-secret');
  expect(JSON.stringify(suite.gateway.logs())).not.toContain('collector-secret');
});

test('with TRACE_CONTENT the span has what was asked and answered, and still no secret', async () => {
  const telling = await startGateway({ ...suite.env, TRACE_CONTENT: 'true' });
  try {
    const [request] = await spansOf(await ask({}, telling.url));
    expect(request?.attributes['ccg.content.request']).toContain('a secret prompt');
    expect(request?.attributes['ccg.content.answer']).toContain('an answ');
    expect(JSON.stringify(request?.attributes)).not.toContain(suite.apiKey);
  } finally {
    await telling.stop();
  }
});

test.each([
  [500, 'HTTP status 500'],
  ['silence', 'no answer in 500 ms (OTEL_EXPORTER_OTLP_TIMEOUT)'],
  ['down', 'no connection (ECONNREFUSED)'],
] as const)(
  'a collector that is of no use (%s) costs spans, which are counted and told once in the log (%s), and no request',
  async (how, reason) => {
    const lost = await startOtlpReceiver();
    if (how === 'down') lost.close();
    else lost.behave(how);
    const gateway = await startGateway({ ...suite.env, OTEL_EXPORTER_OTLP_ENDPOINT: lost.url });
    try {
      await Promise.all(Array.from({ length: 20 }, () => ask({}, gateway.url)));
      const dropped = async () => {
        const text = await (await fetch(`${gateway.opsUrl}/metrics`)).text();
        return Number(/^ccg_trace_spans_dropped_total (?<count>\d+)$/mu.exec(text)?.groups?.['count'] ?? 0);
      };
      await expect.poll(dropped, { timeout: 30_000, interval: 200 }).toBe(40);
      await ask({}, gateway.url);
      await expect.poll(dropped, { timeout: 30_000, interval: 200 }).toBe(42);
      const said = gateway.logs().filter((line) => String(jsonAt(line, 'msg')).includes('collector of traces'));
      expect(said).toMatchObject([{ level: 'warn', collector: `${lost.url}/v1/traces`, reason }]);
    } finally {
      await gateway.stop();
      lost.close();
    }
  },
);

test('a collector that takes spans again is told once, with how many it has cost', async () => {
  const restarted = await startOtlpReceiver();
  restarted.behave(500);
  const gateway = await startGateway({ ...suite.env, OTEL_EXPORTER_OTLP_ENDPOINT: restarted.url });
  const said = () =>
    gateway.logs().flatMap((line) => {
      const message = String(jsonAt(line, 'msg'));
      return message.includes('collector of traces') ? [[jsonAt(line, 'level'), jsonAt(line, 'spansDropped')]] : [];
    });
  try {
    await ask({}, gateway.url);
    await expect.poll(said, patience).toEqual([['warn', undefined]]);
    restarted.behave(200);
    const asking = async () => {
      await ask({}, gateway.url);
      return said();
    };
    await expect.poll(asking, { timeout: 60_000, interval: 1000 }).toEqual([
      ['warn', undefined],
      ['info', 2],
    ]);
    expect(restarted.spans.length).toBeGreaterThan(0);
  } finally {
    await gateway.stop();
    restarted.close();
  }
}, 90_000);
