import { cut, hang, head, jsonScript, write } from '@ccg/testkit';
import type { Script } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, chatModel, endOf, run, startServingRig } from '../test/serving-rig.ts';
import type { Ask, ServingRig } from '../test/serving-rig.ts';

let rig: ServingRig;
beforeEach(async () => {
  rig = await startServingRig();
});
afterEach(() => rig.close());

const path = 'count_tokens';
const counted = jsonScript(200, { input_tokens: 7 });

test('a provider that counts is asked, and its answer is passed on', async () => {
  rig.upstream.play(() => counted);
  const { end, text, record } = await run(rig, { path });
  expect([end, text]).toEqual(['completed ok', '{"input_tokens":7}']);
  expect(record).toMatchObject({ attempts: [{ status: 200, outcome: 'ok' }], usageSource: 'none', warnings: [] });
  expect(rig.admission.open()).toEqual([]);
});

test('a dialect that cannot count is estimated without a call', async () => {
  const { end, text, record } = await run(rig, { path, prefix: chatModel });
  expect(end).toBe('completed ok');
  expect(text).toMatch(/^\{"input_tokens":[1-9]\d*\}$/u);
  expect(record).toMatchObject({ attempts: [], warnings: [{ code: 'approximated' }] });
});

test.each<readonly [string, Script, string]>([
  ['fails', jsonScript(500, { error: { message: 'no' } }), 'upstream_error'],
  ['has its own limit', jsonScript(429, { error: { message: 'no' } }), 'upstream_rate_limited'],
  ['answers something else', jsonScript(200, { tokens: 7 }), 'upstream_error'],
  ['answers with a web page', [head(200, { 'content-type': 'text/html' }), write('<html>')], 'upstream_error'],
  ['breaks off', [head(200, { 'content-type': 'application/json' }), write('{"'), cut], 'upstream_truncated'],
])('a provider that %s is replaced by the estimate, and the attempt is on record', async (_how, script, outcome) => {
  rig.upstream.play(() => script);
  const { end, record } = await run(rig, { path });
  expect([end, record.attempts.at(-1)?.outcome]).toEqual(['completed ok', outcome]);
});

test('a provider that does not count in five seconds is replaced by the estimate', async () => {
  rig.upstream.play(() => [hang]);
  const { record } = ask(rig, { path });
  await rig.upstream.request(0);
  rig.clock.advance(5000);
  expect(await record).toMatchObject({ outcome: 'ok', attempts: [{ outcome: 'upstream_timeout' }] });
});

test('a server that has no such request is not asked again', async () => {
  rig.upstream.play(() => jsonScript(404, { type: 'error', error: { type: 'not_found_error', message: 'no' } }));
  await run(rig, { path });
  await run(rig, { path });
  expect(rig.upstream.requests).toHaveLength(1);
});

test.each<readonly [string, Script, string]>([
  ['of the request', jsonScript(400, { error: { message: 'no' } }), 'unsent client_bad_request'],
  ['of our credential', jsonScript(401, { error: { message: 'no' } }), 'unsent upstream_credential'],
])('a refusal %s is passed on', async (_what, script, end) => {
  rig.upstream.play(() => script);
  expect((await run(rig, { path })).end).toBe(end);
});

test.each<readonly [string, Ask]>([
  ['no messages', { takeBody: () => Buffer.from('{"model":"m"}') }],
  ['an empty list of messages', { change: { messages: [] } }],
  ['messages that are no list', { change: { messages: 'hi' } }],
  ['too many tools to estimate', { prefix: chatModel, change: { tools: Array.from({ length: 2001 }, () => ({})) } }],
])('a request with %s is refused', async (_what, asked) => {
  expect((await run(rig, { ...asked, path })).end).toBe('unsent client_bad_request');
  expect(rig.upstream.requests).toHaveLength(0);
});

test('a client that leaves ends the call', async () => {
  rig.upstream.play(() => [hang]);
  const { sink, record } = ask(rig, { path });
  const request = await rig.upstream.request(0);
  sink.leave('client-gone');
  expect(endOf(await record)).toBe('aborted client_aborted');
  await request.aborted;
});
