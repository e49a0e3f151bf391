import { request as httpRequest } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import {
  anthropicFrames,
  anthropicSseHead,
  createGate,
  jsonScript,
  openAiChatSseHead,
  playModel,
  say,
  waitFor,
  write,
} from '@ccg/testkit';
import type { LogLine } from '@ccg/testkit';
import { afterEach, expect, test } from 'vitest';
import { openStream } from './support/open-stream.ts';
import type { OpenStream } from './support/open-stream.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite | undefined;
afterEach(async () => {
  await suite?.close();
  suite = undefined;
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<Suite> {
  suite = await startSuite('log-lines', { PREFERRED_PROVIDER: 'anthropic', ...env });
  suite.upstream.play(playModel([{ content: [say('Done.')] }]));
  return suite;
}

function ask(
  { gateway, apiKey }: Suite,
  change: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenStream> {
  const body = {
    model: 'claude-x',
    max_tokens: 64,
    stream: true,
    messages: [{ role: 'user', content: 'hi' }],
    ...change,
  };
  return openStream(`${gateway.url}/v1/messages`, apiKey, body, headers);
}

async function lineOf({ gateway }: Suite, answer: OpenStream): Promise<LogLine> {
  await answer.frames();
  const requestId = answer.headers.get('request-id');
  return gateway.waitForLog((line) => line['requestId'] === requestId);
}

const metricsOf = async ({ gateway }: Suite): Promise<string> => (await fetch(`${gateway.opsUrl}/metrics`)).text();
const someMs = expect.toSatisfy((value: unknown) => typeof value === 'number' && value >= 0);

test('a stream that breaks the grammar is a warning that names the rule, whatever LOG_SAMPLE says', async () => {
  const started = await start({ LOG_SAMPLE: '1000' });
  // The first line of a sample is written in any case.
  await lineOf(started, await ask(started));
  const turn = { content: [say('Done.')] };
  const frames = anthropicFrames(turn, 'claude-x').map((frame) => frame.replaceAll('"index":0', '"index":7'));
  started.upstream.play(() => [...anthropicSseHead(), ...frames.map(write)]);
  expect(await lineOf(started, await ask(started))).toMatchObject({
    level: 'warn',
    outcome: 'ok',
    brokenRule: 'index_gap',
    provider: 'anthropic',
  });
  // The suite refuses a gateway that counts such a stream.
  await started.gateway.stop();
});

test('a line says who asked from where, what it took by stage, and why the model stopped', async () => {
  const started = await start();
  const headers = { 'x-claude-code-session-id': 'b8a1', 'user-agent': 'claude-cli/2.1 (external, cli)' };
  for (const stream of [true, false]) {
    expect(await lineOf(started, await ask(started, { stream }, headers))).toMatchObject({
      clientAddress: '127.0.0.1',
      userAgent: headers['user-agent'],
      session: 'b8a1',
      bodyBytes: expect.any(Number),
      stopReason: 'end_turn',
      attempts: 1,
      ...Object.fromEntries(
        ['authenticateMs', 'bodyMs', 'admitMs', 'translateMs', 'upstreamMs', 'durationMs'].map((name) => [
          name,
          someMs,
        ]),
      ),
    });
  }
});

test('a line says what was invalid, and by what name the provider refused', async () => {
  const started = await start();
  expect(await lineOf(started, await ask(started, { max_tokens: 'many' }))).toMatchObject({
    outcome: 'client_bad_request',
    invalid: 'max_tokens',
    bodyBytes: expect.any(Number),
    requestedModel: 'claude-x',
    stream: true,
  });
  const headers = { 'x-api-key': started.apiKey, 'content-type': 'application/json' };
  const noJson = await fetch(`${started.gateway.url}/v1/messages`, { method: 'POST', headers, body: '{"model":' });
  await noJson.body?.cancel();
  const requestId = noJson.headers.get('request-id');
  expect(await started.gateway.waitForLog((line) => line['requestId'] === requestId)).toMatchObject({
    outcome: 'client_bad_request',
    invalid: 'body',
    bodyBytes: 9,
  });
  const error = { type: 'invalid_request_error', message: 'messages.0.content: no' };
  started.upstream.answer(jsonScript(400, { type: 'error', error }));
  expect(await lineOf(started, await ask(started))).toMatchObject({
    outcome: 'client_bad_request',
    invalid: 'messages.0.content',
    upstreamCode: 'invalid_request_error',
  });
});

test('a line has the code that the provider gives a failure, before and inside of a stream', async () => {
  const started = await start({ PREFERRED_PROVIDER: 'openai' });
  const error = { type: 'invalid_request_error', code: 'model_not_found', message: 'It does not exist.' };
  started.upstream.answer(jsonScript(404, { error }));
  expect(await lineOf(started, await ask(started))).toMatchObject({ upstreamCode: 'model_not_found' });
  const inside = { error: { type: 'server_error', code: 'rate_limit_exceeded', message: 'Slow down.' } };
  started.upstream.answer([...openAiChatSseHead(), write(`data: ${JSON.stringify(inside)}\n\n`)]);
  expect(await lineOf(started, await ask(started))).toMatchObject({ upstreamCode: 'rate_limit_exceeded' });
});

test('texts of a client are cut to 256 characters and end no line, in the log and in the metrics', async () => {
  const started = await start();
  const hostile = `m"\\ \u001B[31m\u009B1m\n\u2028\u202E# HELP ccg_hostile ${'x'.repeat(1000)}`;
  const { 'request-id': requestId } = await post(
    started,
    { model: hostile },
    {
      // Node takes no other control character in a header.
      'x-claude-code-session-id': `s"\\\t\u009B1m${'x'.repeat(1000)}`,
      'user-agent': `a"\\\t${'x'.repeat(1000)}`,
    },
  );
  const line = await started.gateway.waitForLog((one) => one['requestId'] === requestId);
  expect(line).toMatchObject({ outcome: 'ok' });
  for (const name of ['requestedModel', 'model', 'session', 'userAgent']) {
    expect(line[name]).toHaveLength(256);
    expect(line[name]).toMatch(/^[^\p{Cc}\p{Cf}\u2028]*$/u);
  }
  const begins = {
    model: String.raw`m"\\ \u001b[31m\u009b1m\u000a\u2028\u202e# HELP`,
    session: String.raw`s"\\\u0009`,
    userAgent: String.raw`a"\\\u0009x`,
  };
  for (const [name, begin] of Object.entries(begins)) expect(String(line[name]).slice(0, begin.length)).toBe(begin);
  const series = (await metricsOf(started)).split('\n').filter((text) => text.includes('# HELP ccg_hostile'));
  expect(series.length).toBeGreaterThan(0);
  for (const text of series)
    expect(text).toMatch(/^ccg_\w+\{.*model="m\\"\\\\\\\\ \\\\u001b\[31m[^"\p{Cc}]*".*\} \d+$/u);
});

test('LOG_SAMPLE thins the lines of requests that went well, and no others', async () => {
  const started = await start({ LOG_SAMPLE: '3' });
  for (let number = 0; number < 7; number += 1) await (await ask(started)).frames();
  for (let number = 0; number < 3; number += 1) await lineOf(started, await ask(started, { max_tokens: 'many' }));
  const lines = started.gateway.logs().filter(({ msg }) => msg === 'request');
  expect(lines.filter(({ outcome }) => outcome === 'ok')).toMatchObject([
    { okSample: 3 },
    { okSample: 3 },
    { okSample: 3 },
  ]);
  expect(lines.filter(({ outcome }) => outcome !== 'ok')).toHaveLength(3);
  expect(await metricsOf(started)).toMatch(/^ccg_requests_total\{endpoint="messages".*outcome="ok"\} 7$/mu);
});

test('a log that nobody reads stops no request, and what is dropped of it is counted', async () => {
  const started = await start();
  const { gateway } = started;
  gateway.pauseLog();
  const dropped = async () => Number(/^ccg_log_lines_dropped_total (\d+)$/mu.exec(await metricsOf(started))?.[1]);
  const agent = { 'user-agent': 'x'.repeat(256), 'x-api-key': started.apiKey };
  for (let round = 0; (await dropped()) === 0; round += 1) {
    expect(round).toBeLessThan(100);
    const asked = Array.from({ length: 50 }, () => fetch(`${gateway.url}/nowhere`, { headers: agent }));
    for (const answer of await Promise.all(asked)) expect((await answer.text()).length).toBeGreaterThan(0);
  }
  await (await ask(started)).frames();
  gateway.resumeLog();
  // What was kept is read first: until then new lines may be dropped, too.
  let read = -1;
  const hasGrown = () => read !== (read = gateway.output().length);
  await expect.poll(hasGrown, { interval: 300, timeout: 60_000 }).toBe(false);
  const last = await ask(started);
  expect(await lineOf(started, last)).toMatchObject({ outcome: 'ok' });
  // Every line that came is a whole one.
  for (const line of gateway.output().trimEnd().split('\n'))
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(String) });
});

test('a replica that drains is still asked for its metrics', async () => {
  const started = await start();
  const rest = createGate();
  const frames = anthropicFrames({ content: [say('Done.')] }, 'm');
  started.upstream.answer([
    ...anthropicSseHead(),
    ...frames.slice(0, 4).map(write),
    waitFor(rest.opened),
    ...frames.slice(4).map(write),
  ]);
  const open = await ask(started);
  await open.readUntil((text) => text.includes('content_block'));
  started.gateway.signal('SIGTERM');
  await started.gateway.waitForLog(({ msg }) => msg === 'draining');
  expect((await fetch(`${started.gateway.opsUrl}/readyz`)).status).toBe(503);
  expect(await metricsOf(started)).toMatch(/^ccg_open_streams\{dialect="anthropic"\} 1$/mu);
  rest.open();
  await open.frames();
  await started.gateway.exited;
});

/** `fetch` refuses some characters in headers that clients can send all the same. */
async function post({ gateway, apiKey }: Suite, change: object, headers: Readonly<Record<string, string>>) {
  const body = JSON.stringify({ max_tokens: 64, messages: [{ role: 'user', content: 'hi' }], ...change });
  const { promise, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  const own = { 'content-type': 'application/json', 'x-api-key': apiKey, connection: 'close' };
  const sent = httpRequest(
    `${gateway.url}/v1/messages`,
    { method: 'POST', headers: { ...headers, ...own } },
    (response) => {
      readText(response).then(() => {
        resolve(response.headers);
      }, reject);
    },
  );
  sent.on('error', reject).end(body);
  return promise;
}
