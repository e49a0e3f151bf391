import { setImmediate } from 'node:timers/promises';
import {
  anthropicFrames,
  anthropicSseHead,
  cut,
  hang,
  jsonAt,
  jsonScript,
  openAiChatFrames,
  openAiChatSseHead,
  playModel,
  say,
  unreachableUrl,
  write,
} from '@ccg/testkit';
import { GatewayError } from '@ccg/kernel';
import { noUsage, readMessagesRequest } from '@ccg/wire';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRecordingSink } from '../test/recording-sink.ts';
import { ask, chatModel, requestOf, run, startServingRig, targetFor } from '../test/serving-rig.ts';
import type { Ask, ServingRig } from '../test/serving-rig.ts';
import { countRecord } from './count-record.ts';
import type { Attempt, AttemptResult, FailureClass } from './attempt.ts';
import type { PromptEstimate } from './estimate-prompt.ts';
import { nameOf, outcomeOfFailure } from './record.ts';
import type { ResponseSink } from './request.ts';
import { askTargets } from './serve.ts';

const turn = { content: [say('Half a loaf is better than none.')] };
const stream = { stream: true };

let rig: ServingRig;
beforeEach(async () => {
  rig = await startServingRig();
});
afterEach(() => rig.close());

test.each<readonly [string, Ask, string]>([
  ['no JSON', { takeBody: () => Buffer.from('{"model":') }, 'unsent client_bad_request'],
  ['no model', { takeBody: () => Buffer.from('{}') }, 'unsent client_bad_request'],
  ['a provider that is not configured', { prefix: { provider: 'nobody', model: 'm' } }, 'unsent client_bad_request'],
  [
    'a block that cannot be translated',
    { prefix: chatModel, change: { messages: [{ role: 'user', content: 7 }] } },
    'unsent client_bad_request',
  ],
])('a request with %s is refused and asks no provider', async (_what, asked, end) => {
  expect((await run(rig, asked)).end).toBe(end);
  expect(rig.upstream.requests).toHaveLength(0);
});

test.each<readonly [body: string, known: object | undefined]>([
  ['{"model":', undefined],
  ['{}', undefined],
  ['{"model":"m","stream":"yes"}', { requestedModel: 'm', stream: undefined, targets: [] }],
  ['{"model":"m","stream":true,"max_tokens":"many"}', { requestedModel: 'm', stream: true, targets: [] }],
])('the record of a body that is refused keeps what was known of it: %s', async (body, known) => {
  const { record } = await run(rig, { takeBody: () => Buffer.from(body) });
  expect(record).toMatchObject({ bodyBytes: body.length, route: known, outcome: 'client_bad_request' });
});

test.each(['claude', 'glm'] as const)('a credential that %s quotes does not reach the client', async (profile) => {
  await rig.close();
  rig = await startServingRig({ anthropicProfile: profile });
  rig.upstream.answer(jsonScript(400, { error: { message: 'The header sk-ant-test is malformed' } }));
  const { record, text } = await run(rig, {});
  const told = record.end.kind === 'unsent' ? record.end.error.publicMessage : text;
  expect(told).toContain('is malformed');
  expect(told).not.toContain('sk-ant-test');
});

test.each(['claude', 'glm'] as const)(
  'a credential that %s quotes in a stream does not reach the client',
  async (profile) => {
    await rig.close();
    rig = await startServingRig({ anthropicProfile: profile });
    const frames = anthropicFrames(turn, 'm');
    const words = { type: 'api_error', message: 'The header sk-ant-test is malformed' };
    const failure = `event: error\ndata: ${JSON.stringify({ type: 'error', error: words })}\n\n`;
    for (const begun of [0, 4]) {
      rig.upstream.play(() => [...anthropicSseHead(), ...[...frames.slice(0, begun), failure].map(write)]);
      const { record, text } = await run(rig, { change: stream });
      const told = record.end.kind === 'unsent' ? record.end.error.publicMessage : text;
      expect(told).toContain('is malformed');
      expect([told, JSON.stringify(record)].join(' ')).not.toContain('sk-ant-test');
    }
  },
);

test.each<readonly [string, boolean, string]>([
  ['its provider reports them', true, 'reported'],
  ['nobody reports them', false, 'estimated'],
])('tokens are counted apart: %s', async (_who, includeUsage, source) => {
  const frames = openAiChatFrames(turn, { model: chatModel.model, includeUsage });
  rig.upstream.play(() => [...openAiChatSseHead(), ...frames.map(write)]);
  await run(rig, { prefix: chatModel, change: stream });
  const { text } = await rig.metrics.expose();
  expect(text).toMatch(
    new RegExp(
      `ccg_tokens_total\\{dialect="openai-chat",provider="openai",kind="output",source="${source}"\\} \\d`,
      'u',
    ),
  );
  expect(text.match(/^ccg_tokens_total.*kind="output"/gmu)).toHaveLength(1);
});

test('a stream of a provider that breaks the grammar is passed on, and counted by its first fault', async () => {
  const frames = anthropicFrames(turn, 'm').map((frame) => frame.replaceAll('"index":0', '"index":7'));
  rig.upstream.play(() => [...anthropicSseHead(), ...frames.map(write)]);
  const { end, text, record } = await run(rig, { change: stream });
  expect([end, text]).toEqual(['completed ok', frames.join('')]);
  expect(record.brokenRule).toBe('index_gap');
  const violation =
    'ccg_stream_grammar_violations_total{dialect="anthropic",provider="anthropic",rule="index_gap"} 1\n';
  expect((await rig.metrics.expose()).text).toContain(violation);
});

test('a stream that its client gives up before anything came counts with the time that the client waited', async () => {
  const counted = async () => {
    const { text } = await rig.metrics.expose();
    return text.split('\n').filter((line) => /^ccg_first_event_seconds_(?:count|sum)/u.test(line));
  };
  rig.upstream.play(() => [hang]);
  const { sink, record } = ask(rig, { change: stream });
  await rig.upstream.request(0);
  rig.clock.advance(45_000);
  sink.leave('client-gone');
  const facts = { endpoint: 'messages', tenant: 'acme', status: 499, durationMs: 45_000, authenticatedMs: 1 };
  countRecord(rig.metrics, facts, await record);
  expect(await counted()).toEqual([
    'ccg_first_event_seconds_sum{dialect="anthropic",provider="anthropic"} 45',
    'ccg_first_event_seconds_count{dialect="anthropic",provider="anthropic"} 1',
  ]);
});

test('a request above the limit of its tenant is refused with the time to wait, and asks no provider', async () => {
  rig.admission.decide(({ limits: [limit] }) => {
    if (limit?.kind !== 'rate') throw new Error('The rig has a rate limit.');
    const state = { limit, remaining: 0, fullInMs: 2500 };
    return Promise.resolve({
      kind: 'limited',
      refused: { limit, retryAfterMs: 2500, state },
      states: [],
      shadowed: [],
    });
  });
  const { end, record } = await run(rig, { prefix: chatModel });
  expect(end).toBe('unsent policy_rate_limit');
  expect(record.end).toMatchObject({ error: { status: 429, retryAfterSeconds: 3 } });
  expect(rig.upstream.requests).toHaveLength(0);
  expect(rig.countedPrompts()).toBe(0);
});

test('how long a request waited for others to end is told apart from what the gateway took', async () => {
  rig.admission.decide(({ waiting }) => {
    waiting?.began?.();
    rig.clock.advance(4000);
    const reservation = { watch() {}, settle: () => Promise.resolve() };
    return Promise.resolve({ kind: 'admitted', by: 'store', states: [], shadowed: [], reservation });
  });
  rig.upstream.play(playModel([turn]));
  const { record } = await run(rig, { prefix: chatModel });
  expect(record).toMatchObject({ outcome: 'ok', stages: { bodyReadMs: 0, admittedMs: 4000, waitedMs: 4000 } });
});

test('a script of ours that fails in Redis is an internal error', async () => {
  rig.admission.decide(() => Promise.reject(new Error('ERR wrong type')));
  expect((await run(rig, {})).end).toBe('unsent gateway_internal');
});

test('a fault of ours after the admission is an internal error, and the request is settled', async () => {
  const sink: ResponseSink = {
    ...createRecordingSink(),
    expectStream() {
      throw new TypeError('a bug');
    },
  };
  const { outcome } = await rig.serving.serve(requestOf(rig, { change: stream }), sink);
  expect([outcome, rig.admission.open()]).toEqual(['gateway_internal', []]);
});

test('an address where nobody listens is unreachable', async () => {
  await rig.close();
  rig = await startServingRig({ openAiUrl: await unreachableUrl() });
  expect((await run(rig, { prefix: chatModel, change: stream })).end).toBe('unsent upstream_unreachable');
});

test.each([stream, {}])(
  'a request for no token is answered here where the provider has no such thing: %j',
  async (change) => {
    const { end, record } = await run(rig, { prefix: chatModel, change: { ...change, max_tokens: 0 } });
    expect([end, record.attempts.length]).toEqual(['completed ok', 0]);
  },
);

test('a field that the provider refuses is left out of a second try, and of the next request', async () => {
  const play = playModel([turn]);
  const refusal = jsonScript(400, {
    error: {
      message: "Unrecognized request argument supplied: 'temperature'",
      param: 'temperature',
      code: 'unknown_parameter',
    },
  });
  rig.upstream.play((request) => (jsonAt(request.json(), 'temperature') === undefined ? play(request) : refusal));
  const asked = { prefix: chatModel, change: { temperature: 0.5 } };
  const first = await run(rig, asked);
  expect([first.end, first.record.attempts.length]).toEqual(['completed ok', 2]);
  const next = await run(rig, asked);
  expect([next.end, next.record.attempts.length]).toEqual(['completed ok', 1]);
});

describe('the record', () => {
  test('names what was asked for, the route, each attempt and each stage', async () => {
    // Its connection is used again, and closed at once.
    rig.upstream.answer(jsonScript(500, { error: { message: 'no' } }));
    await run(rig, { prefix: chatModel, change: stream });
    await setImmediate();
    rig.upstream.answer([cut], (request) => {
      rig.clock.advance(40);
      return playModel([turn])(request);
    });
    const { record } = await run(rig, { prefix: chatModel, change: stream });
    const target = { provider: 'openai', model: 'gpt-4.1', dialect: 'openai-chat' };
    const reset = { target, status: undefined, upstreamRequestId: undefined, outcome: 'upstream_unreachable' };
    expect(record).toMatchObject({
      outcome: 'ok',
      end: { kind: 'completed' },
      route: { requestedModel: 'claude-opus-5-5', stream: true, targets: [target] },
      attempts: [
        { ...reset, startedMs: 0, endedMs: 0 },
        { target, startedMs: 0, endedMs: 40, status: 200, outcome: 'ok' },
      ],
      stages: { admittedMs: 0, firstEventMs: 40, endedMs: 40 },
      usageSource: 'reported',
    });
  });

  test('of a request that no target was asked for has its route and no usage', async () => {
    rig.admission.decide(() => Promise.reject(new Error('ERR')));
    const { record } = await run(rig, {});
    expect(record.route?.targets).toEqual([{ provider: 'anthropic', model: 'claude-opus-5-5', dialect: 'anthropic' }]);
    expect(record).toMatchObject({ attempts: [], usage: noUsage, usageSource: 'none', outcome: 'gateway_internal' });
  });

  test('keeps the usage of a stream whose client left, and blames the client for the attempt', async () => {
    const begun = anthropicFrames(turn, 'm').slice(0, 5);
    rig.upstream.play(() => [...anthropicSseHead(), ...begun.map(write), hang]);
    const { sink, record } = ask(rig, { change: stream });
    await sink.until((text) => text.includes('Half'));
    sink.leave('client-gone');
    expect(await record).toMatchObject({
      usage: { inputTokens: 1200 },
      attempts: [{ status: 200, upstreamRequestId: 'req_upstream', outcome: 'client_aborted' }],
    });
  });
});

describe('the targets of a route are asked in order', () => {
  const [first, second] = [targetFor('first'), targetFor('second')];
  const estimate: PromptEstimate = { tokens: () => Promise.resolve(undefined), learn() {}, abandon() {} };
  const attemptRecord = {
    startedMs: 0,
    endedMs: 0,
    status: undefined,
    upstreamRequestId: undefined,
    spanId: undefined,
  };

  /** Which models were asked, if every attempt fails like this. */
  async function askedAfter(failure: GatewayError, failureClass: FailureClass): Promise<AttemptResult> {
    const attempt: Attempt = (_job, target) =>
      Promise.resolve({
        target,
        warnings: [],
        usage: noUsage,
        usageSource: 'none',
        visible: false,
        kind: 'failed',
        failure,
        class: failureClass,
        attempts: [{ ...attemptRecord, target: nameOf(target), outcome: outcomeOfFailure(failure) }],
      });
    const job = {
      request: requestOf(rig),
      messagesRequest: readMessagesRequest(Buffer.from('{"model":"m"}')),
      sink: createRecordingSink(),
      measure() {},
    };
    return askTargets([first, second], job, {
      attempt,
      learnModel: (target) => target,
      estimatePrompt: () => estimate,
      digest: () => '',
    });
  }

  test('past one that has no form for the request, and every attempt is on record', async () => {
    const { attempts } = await askedAfter(new GatewayError('request-invalid', 'No.'), 'untranslatable');
    expect(attempts.map(({ target }) => target.model)).toEqual(['first', 'second']);
  });

  test.each([
    ['refused', 'upstream-refused'],
    ['unavailable', 'upstream-overloaded'],
    ['interrupted', 'draining'],
    ['internal', 'internal'],
  ] as const)('and no other after one that is %s', async (failureClass, code) => {
    const { attempts } = await askedAfter(new GatewayError(code, 'No.'), failureClass);
    expect(attempts.map(({ target }) => target.model)).toEqual(['first']);
  });
});
