import { createProvider, createTargets } from '@ccg/catalog';
import { createManualClock, hang, jsonScript, ollamaModelScript, startScriptedUpstream } from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { createUpstream } from '@ccg/upstream';
import type { Upstream } from '@ccg/upstream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLearnModel } from './learn-model.ts';

let server: ScriptedUpstream;
let upstream: Upstream;
beforeEach(async () => {
  server = await startScriptedUpstream();
  upstream = createUpstream({ connectTimeoutMs: 5000, firstByteTimeoutMs: 5000, idleTimeoutMs: 5000 });
});
afterEach(async () => {
  await upstream.close();
  await server.close();
});

function rig() {
  const provider = createProvider({
    dialect: 'ollama',
    name: 'ollama',
    baseUrl: server.url,
    credential: undefined,
    contextTokens: 128_000,
    keepAlive: '30m',
  });
  const targets = createTargets();
  const clock = createManualClock();
  const learnModel = createLearnModel({ targets, upstream, clock });
  const learned = () => learnModel(targets.of({ provider, model: 'qwen3:8b' }));
  const asked = () => server.requests.map(({ method, path, json }) => [method, path, json()]);
  return { clock, learned, asked };
}

const known = { limits: { contextTokens: 40_960 }, capabilities: { contextTokens: 40_960, images: false } };
const unknown = { limits: { contextTokens: 128_000 }, capabilities: { contextTokens: 128_000, images: true } };

test('a model is asked about once, by however many requests at a time', async () => {
  server.answer(ollamaModelScript(40_960, ['tools']));
  const { learned, asked } = rig();
  expect(await Promise.all([learned(), learned()])).toMatchObject([known, known]);
  expect(learned()).toMatchObject(known);
  expect(asked()).toEqual([['POST', '/api/show', { model: 'qwen3:8b' }]]);
});

test('the first request waits 2 s and no longer, and what is sent does not change after it', async () => {
  server.answer([hang]);
  const { clock, learned, asked } = rig();
  const first = learned();
  await server.request(0);
  clock.advance(2000);
  expect(await first).toMatchObject(unknown);
  expect(learned()).toMatchObject(unknown);
  expect(asked()).toHaveLength(1);
});

test('a server that cannot answer is asked again at the next request', async () => {
  server.answer(jsonScript(404, { error: "model 'qwen3:8b' not found" }), ollamaModelScript(40_960, []));
  const { learned } = rig();
  expect(await learned()).toMatchObject(unknown);
  expect(await learned()).toMatchObject(known);
});
