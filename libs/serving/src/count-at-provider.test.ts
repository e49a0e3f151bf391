import { createProvider, createTarget } from '@ccg/catalog';
import { createTranslation } from '@ccg/translation';
import { createUpstream } from '@ccg/upstream';
import type { Upstream } from '@ccg/upstream';
import { readMessagesRequest } from '@ccg/wire';
import { hang, jsonScript } from '@ccg/testkit';
import type { Script } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRecordingSink } from '../test/recording-sink.ts';
import { requestOf, startServingRig } from '../test/serving-rig.ts';
import type { ServingRig } from '../test/serving-rig.ts';
import type { Translate } from './attempt.ts';
import { createCallTarget } from './call-target.ts';
import { createCountAtProvider } from './count-at-provider.ts';
import type { CountAtProvider } from './count-at-provider.ts';
import { createLearnedRejections } from './learned-rejections.ts';

// Providers that count by a request of their own, which no client ever sends.

let rig: ServingRig;
let upstream: Upstream;
let countAtProvider: CountAtProvider;
beforeEach(async () => {
  rig = await startServingRig();
  upstream = createUpstream({
    connectTimeoutMs: 5000,
    firstByteTimeoutMs: 60_000,
    idleTimeoutMs: 60_000,
    proxy: undefined,
    extraRoots: undefined,
  });
  countAtProvider = createCountAtProvider({
    translate,
    callTarget: createCallTarget({ upstream }),
    learnedRejections: createLearnedRejections(rig.clock),
    clock: rig.clock,
  });
});
afterEach(async () => {
  await upstream.close();
  await rig.close();
});

const translate: Translate = (job, target) => {
  const translation = createTranslation({
    ...job,
    requestId: 'req_test',
    toolListCache: { list: () => null, made: (_tools, _name, make) => make() },
    target,
    requestedModel: 'm',
    maxOutputTokens: 0,
    limits: target.limits,
    ids: { messageId: () => 'msg_1', toolUseId: () => 'toolu_g1' },
    sealer: { seal: (state) => state, open: () => undefined, pseudonym: (name) => name },
    estimatedInputTokens: undefined,
    rejections: [],
  });
  const count = {
    isOfClient: false,
    request: () => ({ headers: [], body: Buffer.from('{"count":true}') }),
    answer: (body: Uint8Array) => (body.length > 20 ? undefined : '{"input_tokens":7}'),
  };
  return { ...translation, count };
};

function begin() {
  const request = requestOf(rig);
  const provider = createProvider({
    name: 'translated',
    dialect: 'anthropic',
    baseUrl: rig.upstream.url,
    credential: undefined,
  });
  return countAtProvider({
    request,
    messagesRequest: readMessagesRequest(request.takeBody()),
    tools: undefined,
    target: createTarget({ provider, model: 'm' }),
    sink: createRecordingSink(),
  });
}

const counted = jsonScript(200, { n: 7 });

test('the request and the number are those of the dialect', async () => {
  rig.upstream.play(() => counted);
  expect(await begin()).toMatchObject({ kind: 'counted', body: '{"input_tokens":7}', attempts: [{ outcome: 'ok' }] });
  expect(String(rig.upstream.requests[0]?.body)).toBe('{"count":true}');
});

test.each<readonly [string, Script]>([
  ['refuses the request', jsonScript(400, { error: { message: 'no such field' } })],
  ['forbids it', jsonScript(403, { error: { message: 'this key may not count' } })],
  ['answers something else', jsonScript(200, { number: 'of something that is no count' })],
])('a provider that %s is replaced by an estimate, and asked again', async (_what, script) => {
  rig.upstream.play(() => script);
  expect((await begin()).kind).toBe('uncounted');
  await begin();
  expect(rig.upstream.requests).toHaveLength(2);
});

test('a provider that does not count in two seconds is left in peace for a minute', async () => {
  rig.upstream.play(() => [hang]);
  const slow = begin();
  await rig.upstream.request(0);
  rig.clock.advance(2000);
  expect((await slow).kind).toBe('uncounted');
  rig.upstream.play(() => counted);
  expect((await begin()).kind).toBe('uncounted');
  rig.clock.advance(60_000);
  expect((await begin()).kind).toBe('counted');
});

test('a provider that has its own limit is left in peace for a minute', async () => {
  rig.upstream.play(() => jsonScript(429, { error: { message: 'slowly' } }));
  await begin();
  await begin();
  expect(rig.upstream.requests).toHaveLength(1);
});

test('of many counts at once four are asked of the provider', async () => {
  rig.upstream.play(() => [hang]);
  const asked = Array.from({ length: 4 }, begin);
  await rig.upstream.request(3);
  expect(await begin()).toEqual({ kind: 'uncounted', attempts: [] });
  rig.clock.advance(2000);
  await Promise.all(asked);
});

test('images by URL that the provider takes as bytes alone are not fetched for a count: an estimate answers', async () => {
  rig.upstream.play(() => counted);
  const gemini = createProvider({
    name: 'gemini',
    dialect: 'gemini',
    baseUrl: rig.upstream.url,
    credential: undefined,
  });
  const image = { type: 'image', source: { type: 'url', url: 'https://a.test/1.png' } };
  const inMessage = { role: 'user', content: [image] };
  const inResult = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: [image] }] };
  for (const message of [inMessage, inResult]) {
    const request = requestOf(rig, { change: { messages: [message] } });
    const messagesRequest = readMessagesRequest(request.takeBody());
    const target = createTarget({ provider: gemini, model: 'gemini-3-pro-preview' });
    const job = { request, messagesRequest, tools: undefined, target, sink: createRecordingSink() };
    expect(await countAtProvider(job)).toEqual({ kind: 'uncounted', attempts: [] });
  }
});
