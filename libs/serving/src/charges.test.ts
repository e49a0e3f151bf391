import type { LimitRule } from '@ccg/kernel';
import {
  anthropicFrames,
  anthropicSseHead,
  hang,
  jsonScript,
  openAiChatFrames,
  openAiChatSseHead,
  playModel,
  say,
  write,
} from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ada, budget } from '../test/limited-caller.ts';
import { ask, run, startServingRig } from '../test/serving-rig.ts';
import type { ServingRig } from '../test/serving-rig.ts';

/** Two dollars per million tokens of input, and ten of output. */
const prefix = { provider: 'anthropic', model: 'claude-sonnet-5-5' };
const chat = { provider: 'openai', model: 'gpt-4.1' };
const limits: readonly LimitRule[] = [
  { level: 'user', kind: 'requests', amount: 60, per: 'minute' },
  { level: 'user', kind: 'input_tokens', amount: 1000, per: 'minute' },
  { level: 'user', kind: 'output_tokens', amount: 1000, per: 'minute' },
  budget(5),
];
const { authorization } = ada(limits);
const content = 'x'.repeat(400);
const asked = { prefix, authorization, change: { stream: true, messages: [{ role: 'user', content }] } };
/** A quarter of the bytes of the body. */
const estimatedInput = Math.ceil(
  JSON.stringify({ model: 'claude-opus-5-5', max_tokens: 64, ...asked.change }).length / 4,
);

let rig: ServingRig;
beforeEach(async () => {
  rig = await startServingRig();
});
afterEach(() => rig.close());

const text = 'Half a loaf is better than none, and so is half an answer.';
const turn = {
  content: [say(text)],
  usage: { input: 1000, cacheRead: 500, output: 30, cacheWrites: { fiveMinutes: 100, hour: 0 } },
};

test('a whole answer is charged for what its provider reports, and later ones are estimated by it', async () => {
  rig.upstream.play(playModel([turn]));
  await run(rig, {
    ...asked,
    headers: [
      ['x-claude-code-session-id', ' 0f6f '],
      ['x-claude-code-agent-id', 'a-2'],
      ['x-claude-code-parent-agent-id', 'a-1'],
    ],
  });
  const costMicroDollars = 1000 * 2 + 500 * 0.1 + 100 * 2.5 + 30 * 10;
  expect(rig.admission.charged()).toMatchObject({
    amounts: { 'user-input_tokens': 1100, 'user-output_tokens': 30, 'user-budget-day': costMicroDollars },
    outputSample: 30,
    record: {
      id: 'req_test',
      apiKey: 'key_1',
      session: '0f6f',
      agent: 'a-2',
      parentAgent: 'a-1',
      endpoint: 'messages',
      requestedModel: 'claude-opus-5-5',
      ...prefix,
      dialect: 'anthropic',
      stream: true,
      outcome: 'ok',
      inputTokens: 1000,
      cacheReadTokens: 500,
      cacheWriteTokens: 100,
      outputTokens: 30,
      usageSource: 'reported',
      costMicroDollars,
      priceBasis: 'list',
      attempts: 1,
    },
  });
});

describe('a request that ends early is charged', () => {
  const frames = anthropicFrames(turn, prefix.model);
  const begun = [...anthropicSseHead(), ...frames.slice(0, 8).map(write)];
  /** Five pieces of seven letters. */
  const seen = { input: 1100, output: Math.ceil(35 / 4), cost: 1000 * 2 + 500 * 0.1 + 100 * 2.5 + 90 };

  test('for what was received and sent, where the client leaves amid the answer', async () => {
    rig.upstream.answer([...begun, hang]);
    const { sink, record } = ask(rig, asked);
    await sink.until((answer) => answer.includes(text.slice(28, 35)));
    const soFar = rig.admission.chargedSoFar();
    expect(soFar).toMatchObject({ record: { outcome: 'running', usageSource: 'estimated', provider: 'anthropic' } });
    sink.leave('client-gone');
    await record;
    const charged = rig.admission.charged();
    expect(charged.amounts).toEqual(soFar.amounts);
    expect(charged).toMatchObject({ outputSample: undefined, record: { outcome: 'client_aborted' } });
    expect(charged.amounts).toEqual({
      'user-input_tokens': seen.input,
      'user-output_tokens': seen.output,
      'user-budget-day': seen.cost,
    });
  });

  test.each([
    ['anthropic, a stream', prefix, true],
    ['anthropic, JSON', prefix, false],
    ['chat, a stream', chat, true],
  ])('for the prompt, where the client leaves before any answer: %s', async (_what, to, stream) => {
    rig.upstream.answer([hang]);
    const { sink, record } = ask(rig, { ...asked, prefix: to, change: { ...asked.change, stream } });
    await rig.upstream.request(0);
    expect(rig.admission.chargedSoFar().amounts).toMatchObject({ 'user-input_tokens': estimatedInput });
    sink.leave('client-gone');
    await record;
    expect(rig.admission.charged()).toMatchObject({
      amounts: { 'user-input_tokens': estimatedInput, 'user-output_tokens': 0, 'user-budget-day': estimatedInput * 2 },
      record: { outcome: 'client_aborted', usageSource: 'estimated' },
    });
  });

  test('for the estimate of the prompt, where a server that tells nothing is left amid its answer', async () => {
    const pieces = openAiChatFrames(turn, { model: chat.model, includeUsage: false });
    rig.upstream.answer([...openAiChatSseHead(), ...pieces.slice(0, 6).map(write), hang]);
    const { sink, record } = ask(rig, { ...asked, prefix: chat });
    await sink.until((answer) => answer.includes(text.slice(28, 35)));
    sink.leave('client-gone');
    await record;
    const { amounts, record: line } = rig.admission.charged();
    expect(line).toMatchObject({ outcome: 'client_aborted', usageSource: 'estimated' });
    expect(amounts['user-output_tokens']).toBe(Math.ceil(35 / 4));
    expect(amounts['user-input_tokens']).toBeGreaterThan(0);
    expect(amounts['user-budget-day']).toBe(line?.costMicroDollars);
  });
});

test.each([
  ['refuses it', jsonScript(400, { error: { message: 'no' } }), 'client_bad_request'],
  ['is overloaded', jsonScript(529, { error: { message: 'no' } }), 'upstream_overloaded'],
  ['fails within its answer', jsonScript(200, { error: { message: 'no' } }), 'upstream_error'],
])('a request is charged nothing whose provider %s', async (_how, script, outcome) => {
  rig.upstream.play(() => script);
  for (const to of [prefix, chat]) {
    await run(rig, { ...asked, prefix: to });
    expect(rig.admission.charged()).toMatchObject({
      amounts: { 'user-input_tokens': 0, 'user-output_tokens': 0, 'user-budget-day': 0 },
      record: { outcome, costMicroDollars: 0 },
      outputSample: undefined,
    });
  }
});

test('a count of tokens is on record, costs nothing, and teaches nothing of answers', async () => {
  rig.upstream.answer(jsonScript(200, { input_tokens: 12 }));
  await run(rig, { ...asked, path: 'count_tokens' });
  expect(rig.admission.charged()).toMatchObject({
    amounts: {},
    outputSample: undefined,
    record: { endpoint: 'count_tokens', outcome: 'ok', costMicroDollars: 0, attempts: 1 },
  });
});
