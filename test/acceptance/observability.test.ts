import {
  createGate,
  cut,
  findLeaks,
  anthropicFrames,
  anthropicSseHead,
  jsonScript,
  openAiChatSseHead,
  playModel,
  say,
  waitFor,
  write,
} from '@ccg/testkit';
import type { LogLine } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { openStream } from './support/open-stream.ts';
import type { OpenStream } from './support/open-stream.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
beforeAll(async () => {
  suite = await startSuite('observability', { PREFERRED_PROVIDER: 'openai' });
});
afterAll(() => suite.close());
beforeEach(() => {
  suite.upstream.reset();
  suite.upstream.play(playModel([{ content: [say(answerText)], usage: { input: 700, cacheRead: 500, output: 21 } }]));
});

const promptText = 'promptwordthatmustnotbelogged';
const answerText = 'answerwordthatmustnotbelogged';
const headerText = 'headervaluethatmustnotbelogged';
const foreignKey = 'sk-ant-api03-foreignkeythatmustnotbelogged-AA';

async function ask(
  prefix: string,
  change: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenStream> {
  const body = {
    model: 'claude-haiku-5-5',
    max_tokens: 64,
    stream: true,
    messages: [{ role: 'user', content: promptText }],
    ...change,
  };
  const extra = {
    'x-custom': headerText,
    authorization: `Bearer ${foreignKey}`,
    cookie: `a=${headerText}`,
    ...headers,
  };
  return openStream(`${suite.gateway.url}${prefix}/v1/messages?beta=true`, suite.apiKey, body, extra);
}

async function lineOf(stream: OpenStream): Promise<LogLine> {
  const requestId = stream.headers.get('request-id');
  return suite.gateway.waitForLog((line) => line['requestId'] === requestId);
}

const someMs = expect.toSatisfy((value: unknown) => Number.isInteger(value) && Number(value) >= 0);

describe('the log', () => {
  test.each([
    { prefix: '', dialect: 'openai-chat', provider: 'openai', model: 'gpt-4.1-mini' },
    { prefix: '/openai:vendor/model:tag', dialect: 'openai-chat', provider: 'openai', model: 'vendor/model:tag' },
    { prefix: '/anthropic:claude-x', dialect: 'anthropic', provider: 'anthropic', model: 'claude-x' },
  ])(
    'has one line of a stream through "$prefix", with everything that it cost',
    async ({ prefix, dialect, provider, model }) => {
      const stream = await ask(prefix);
      await stream.frames();
      const line = await lineOf(stream);
      expect(line).toMatchObject({
        tenant: suite.tenant,
        apiKeyId: suite.apiKeyId,
        requestedModel: 'claude-haiku-5-5',
        model,
        provider,
        dialect,
        status: 200,
        outcome: 'ok',
        inputTokens: 700,
        cacheReadTokens: 500,
        cacheWriteTokens: 0,
        outputTokens: 21,
        firstEventMs: someMs,
        durationMs: someMs,
      });
      const requestId = stream.headers.get('request-id');
      expect(suite.gateway.logs().filter((other) => other['requestId'] === requestId)).toHaveLength(1);
    },
  );

  test('has the tokens of an answer in JSON', async () => {
    const answer = await ask('', { stream: false });
    await answer.frames();
    expect(await lineOf(answer)).toMatchObject({
      status: 200,
      outcome: 'ok',
      inputTokens: 700,
      cacheReadTokens: 500,
      outputTokens: 21,
      durationMs: someMs,
    });
  });

  test('names a refusal, and who was refused', async () => {
    const answer = await ask('', { max_tokens: 'many' });
    await answer.frames();
    expect(await lineOf(answer)).toMatchObject({
      tenant: suite.tenant,
      apiKeyId: suite.apiKeyId,
      level: 'info',
      status: 400,
      outcome: 'client_bad_request',
      error: 'request-invalid',
      owner: 'client',
    });
    const unknown = await ask('', {}, { 'x-api-key': 'nobody' });
    await unknown.frames();
    expect(await lineOf(unknown)).toMatchObject({
      status: 401,
      outcome: 'policy_unauthenticated',
      error: 'credential-invalid',
    });
    expect(await lineOf(unknown)).not.toHaveProperty('tenant');
  });

  test.each([
    { answer: jsonScript(401, { error: { message: 'no' } }), level: 'error', outcome: 'upstream_credential' },
    { answer: jsonScript(402, { error: { message: 'no' } }), level: 'error', outcome: 'upstream_credential' },
    { answer: jsonScript(400, { error: { message: 'no' } }), level: 'info', outcome: 'client_bad_request' },
    { answer: jsonScript(413, { error: { message: 'no' } }), level: 'info', outcome: 'client_too_large' },
    { answer: jsonScript(500, { error: { message: 'no' } }), level: 'warn', outcome: 'upstream_error' },
    { answer: jsonScript(429, { error: { message: 'no' } }), level: 'warn', outcome: 'upstream_rate_limited' },
    { answer: [cut], level: 'warn', outcome: 'upstream_truncated' },
  ])('a failure that is $outcome is told at level $level', async ({ answer, level, outcome }) => {
    suite.upstream.answer(answer, answer);
    const failed = await ask('');
    await failed.frames();
    expect(await lineOf(failed)).toMatchObject({ level, outcome });
  });

  test('tells a broken stream from one whose reader left', async () => {
    const frames = anthropicFrames({ content: [say(answerText)] }, 'm')
      .slice(0, 5)
      .map(write);
    const death = createGate();
    suite.upstream.answer([...anthropicSseHead(), ...frames, waitFor(death.opened), cut]);
    const broken = await ask('/anthropic:m');
    await broken.readUntil((text) => text.includes('text_delta'));
    death.open();
    await broken.frames();
    expect(await lineOf(broken)).toMatchObject({
      level: 'warn',
      status: 200,
      outcome: 'upstream_truncated',
      owner: 'upstream',
    });
    suite.upstream.answer([...anthropicSseHead(), ...frames, waitFor(createGate().opened)]);
    const left = await ask('/anthropic:m');
    await left.readUntil((text) => text.includes('text_delta'));
    left.leave();
    expect(await lineOf(left)).toMatchObject({
      level: 'info',
      outcome: 'client_aborted',
      reason: 'client-gone',
      inputTokens: 1200,
    });
  });
});

describe('the metrics', () => {
  const metrics = async (): Promise<string> => (await fetch(`${suite.gateway.opsUrl}/metrics`)).text();

  test('count requests, times, tokens and open streams by bounded labels', async () => {
    const rest = createGate();
    suite.upstream.answer([
      ...openAiChatSseHead(),
      write('data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'),
      waitFor(rest.opened),
    ]);
    const open = await ask('');
    await open.readUntil((text) => text.includes('text_delta'));
    expect(await metrics()).toMatch(/^ccg_open_streams\{dialect="openai-chat"\} 1$/mu);
    rest.open();
    await open.frames();
    await lineOf(open);
    const done = await ask('/anthropic:claude-x');
    await done.frames();
    await lineOf(done);
    // A settlement ends after the answer.
    await expect.poll(metrics).toMatch(/^ccg_stage_duration_seconds_count\{stage="settle",.*"anthropic".*\} [1-9]/mu);
    const text = await metrics();
    expect(text).toMatch(/^ccg_open_streams\{dialect="openai-chat"\} 0$/mu);
    const target = 'dialect="anthropic",provider="anthropic"';
    const labels = `endpoint="messages",${target},model="claude-x",status="200",outcome="ok"`;
    const stage = (name: string) =>
      `ccg_stage_duration_seconds_count\\{stage="${name}",endpoint="messages",${target},stream="true"\\} [1-9]`;
    expect(text).toMatch(new RegExp(`^ccg_requests_total\\{${labels}\\} [1-9]`, 'mu'));
    for (const series of [
      `ccg_request_duration_seconds_count\\{endpoint="messages",${target},stream="true"\\} [1-9]`,
      `ccg_first_event_seconds_count\\{${target}\\} [1-9]`,
      `ccg_upstream_duration_seconds_count\\{endpoint="messages",${target},stream="true"\\} [1-9]`,
      `ccg_attempts_total\\{endpoint="messages",${target},outcome="ok"\\} [1-9]`,
      `ccg_streams_total\\{${target},end="complete"\\} [1-9]`,
      ...['input', 'cache_read', 'output'].flatMap((kind) => [
        `ccg_tokens_total\\{${target},kind="${kind}",source="reported"\\} [1-9]`,
        `ccg_tenant_tokens_total\\{tenant="${suite.tenant}",model="claude-x",kind="${kind}"\\} [1-9]`,
      ]),
      ...['authenticate', 'body', 'admit', 'translate', 'first_event'].map(stage),
    ])
      expect(text).toMatch(new RegExp(`^${series}`, 'mu'));
    for (const line of text.split('\n').filter((one) => one !== '' && !one.startsWith('#')))
      expect(line).toMatch(/^(?:ccg|process|nodejs)_/u);
  });

  test('are the ops listener’s alone, as are the probes', async () => {
    for (const path of ['/metrics', '/readyz', '/livez']) {
      expect((await fetch(suite.gateway.opsUrl + path)).status).toBe(200);
      expect((await fetch(suite.gateway.url + path)).status).toBe(404);
    }
  });
});

test('no secret, body or header value is in the log or the metrics, whatever goes wrong', async () => {
  const upstreamFailure = 'upstreamwordthatmustnotbelogged';
  suite.upstream.answer(
    jsonScript(400, { error: { message: upstreamFailure } }),
    jsonScript(401, { error: { message: `Incorrect API key provided: ${suite.providerKeys.openai}` } }),
    [cut],
    [cut],
    jsonScript(200, { nonsense: answerText }),
    [...openAiChatSseHead(), write(`data: {"choices": ${answerText}\n\n`)],
    [...openAiChatSseHead(), write(`data: {"error":{"message":"${upstreamFailure}"}}\n\n`)],
  );
  const tellTale = { messages: [{ role: 'user', content: [{ type: promptText, text: promptText }] }] };
  const asked: OpenStream[] = [];
  // One after the other: each takes its script from the queue, the cut one two.
  for (const stream of [true, true, true, false, true, true]) asked.push(await ask('', { stream }));
  const answers = [
    ...asked,
    await ask('', tellTale),
    await ask('', { max_tokens: promptText }),
    await ask('', { [promptText]: promptText }),
    await ask('', {}, { 'content-type': 'text/plain' }),
    await ask('', {}, { 'x-api-key': foreignKey }),
    await openStream(`${suite.gateway.url}/nowhere/${promptText}`, suite.apiKey, {}),
  ];
  for (const answer of answers) {
    await answer.frames();
    await lineOf(answer);
  }
  const written = suite.gateway.output() + (await (await fetch(`${suite.gateway.opsUrl}/metrics`)).text());
  const secrets = [suite.apiKey, suite.pepper, suite.providerKeys.openai, suite.providerKeys.anthropic, foreignKey];
  for (const word of [...secrets, promptText, answerText, headerText, upstreamFailure])
    expect(written).not.toContain(word);
});

test('the search that every suite ends with finds secrets and prompts', async () => {
  await (await ask('')).frames();
  const written = `{"msg":"${promptText}","key":"${suite.apiKey}"}`;
  expect(findLeaks(written, [suite.apiKey], suite.upstream.requests)).toEqual([suite.apiKey, promptText]);
});
