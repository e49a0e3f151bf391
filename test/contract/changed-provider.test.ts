import { callTool, jsonAt, jsonListAt, jsonTextAt, openAiResponsesFrames, say } from '@ccg/testkit';
import type { Sealer } from '@ccg/translation';
import { describe, expect, test } from 'vitest';
import { parseStream } from './sse-grammar.ts';
import type { ParsedBlock } from './sse-grammar.ts';
import { bodyText, bytesOf, countingIds, playStream, translate } from './translate.ts';
import type { TestDialect, TestTarget } from './translate.ts';

/** A backend that a conversation comes to, and how it answers with one call of the tool Bash. */
interface Station {
  readonly name: string;
  readonly target: TestTarget;
  /** The answer's stream. `state` is what the backend alone can read; `id` is the id that it gives to the call. */
  answer(state: string, id: string): string;
  readonly id: (turn: number) => string;
  /** What it does with its state when the conversation comes back to it. */
  readonly state: 'wanted-back' | 'none';
}

const input = JSON.stringify({ command: 'ls' });
const sse = (events: readonly object[]): string => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
interface NamedEvent {
  readonly type: string;
  readonly [member: string]: unknown;
}
const named = (events: readonly NamedEvent[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

function chatAnswer(delta: object, call: object): string {
  const choice = (content: object, finish: string | null) => ({
    id: 'c',
    choices: [{ index: 0, delta: content, finish_reason: finish }],
  });
  return `${sse([choice({ role: 'assistant', ...delta }, null), choice({ tool_calls: [call] }, null), choice({}, 'tool_calls')])}data: [DONE]\n\n`;
}

const chatCall = (id: string, more: object = {}) => {
  return { index: 0, id, type: 'function', function: { name: 'Bash', arguments: input }, ...more };
};

function anthropicAnswer(signature: string, id: string): string {
  const usage = { input_tokens: 9, output_tokens: 9, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const message = { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], stop_reason: null, usage };
  const delta = (index: number, part: object) => ({ type: 'content_block_delta', index, delta: part });
  const start = (index: number, block: object) => ({ type: 'content_block_start', index, content_block: block });
  return named([
    { type: 'message_start', message },
    start(0, { type: 'thinking', thinking: '', signature: '' }),
    delta(0, { type: 'thinking_delta', thinking: 'I think.' }),
    delta(0, { type: 'signature_delta', signature }),
    { type: 'content_block_stop', index: 0 },
    start(1, { type: 'tool_use', id, name: 'Bash', input: {} }),
    delta(1, { type: 'input_json_delta', partial_json: input }),
    { type: 'content_block_stop', index: 1 },
    { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ]);
}

/** Every dialect has a station at least: the compiler asks for those of a new one. */
const stationsOf: Readonly<Record<TestDialect, readonly Station[]>> = {
  'openai-chat': [
    {
      name: 'openai',
      target: { dialect: 'openai-chat', model: 'gpt-4.1' },
      id: (turn) => `call_${turn}`,
      answer: (_state, id) => chatAnswer({ content: 'Hm.' }, chatCall(id)),
      state: 'none',
    },
    {
      name: 'openrouter',
      target: { dialect: 'openai-chat', model: 'vendor/model', profile: 'openrouter' },
      id: () => 'functions.Bash:0',
      answer: (data, id) =>
        chatAnswer({ reasoning_details: [{ type: 'reasoning.encrypted', data, index: 0 }] }, chatCall(id)),
      state: 'wanted-back',
    },
    {
      name: "gemini's own compatible server",
      target: { dialect: 'openai-chat', model: 'gemini-3-pro', profile: 'compatible' },
      id: () => 'function-call-1',
      answer: (signature, id) =>
        chatAnswer({ content: 'Hm.' }, chatCall(id, { extra_content: { google: { thought_signature: signature } } })),
      state: 'wanted-back',
    },
    {
      name: 'mistral',
      target: { dialect: 'openai-chat', model: 'mistral-large', profile: 'compatible' },
      id: (turn) => `abcdefgh${turn % 10}`,
      answer: (_state, id) => chatAnswer({ reasoning_content: 'I think.' }, chatCall(id)),
      state: 'none',
    },
  ],
  anthropic: [
    {
      name: 'anthropic',
      target: { dialect: 'anthropic', model: 'claude-opus-5-5' },
      id: (turn) => `toolu_01${turn}`,
      answer: anthropicAnswer,
      state: 'wanted-back',
    },
    {
      name: 'kimi',
      target: { dialect: 'anthropic', model: 'kimi-k2', anthropicProfile: 'kimi' },
      id: () => 'Bash:0',
      answer: anthropicAnswer,
      state: 'wanted-back',
    },
  ],
  'openai-responses': [
    {
      name: 'responses',
      target: { dialect: 'openai-responses', model: 'gpt-5.2' },
      id: (turn) => `call_${turn}`,
      answer: (encrypted, id) =>
        openAiResponsesFrames(
          { content: [say('Hm.'), callTool(id, 'Bash', { command: 'ls' })] },
          { model: 'gpt-5.2', reasoning: { summary: 'I think.', encrypted } },
        ).join(''),
      state: 'wanted-back',
    },
    {
      name: 'responses of another server',
      target: { dialect: 'openai-responses', model: 'm', profile: 'compatible' },
      id: () => 'call_0',
      answer: (_state, id) =>
        openAiResponsesFrames({ content: [callTool(id, 'Bash', { command: 'ls' })] }, { model: 'm' }).join(''),
      state: 'none',
    },
  ],
  ollama: [
    {
      name: 'ollama',
      target: { dialect: 'ollama', model: 'qwen3:8b' },
      id: () => 'call_0',
      answer: (_state, id) =>
        [
          { message: { role: 'assistant', content: '', thinking: 'I think.' }, done: false },
          {
            message: {
              role: 'assistant',
              content: '',
              tool_calls: [{ id, function: { name: 'Bash', arguments: { command: 'ls' } } }],
            },
            done: false,
          },
          { message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', eval_count: 9 },
        ]
          .map((line) => `${JSON.stringify(line)}\n`)
          .join(''),
      state: 'none',
    },
  ],
  gemini: [
    {
      name: 'gemini',
      target: { dialect: 'gemini', model: 'gemini-3-flash-preview' },
      id: (turn) => `lpndqlk${turn % 10}`,
      answer: (thoughtSignature, id) =>
        sse([
          { candidates: [{ content: { role: 'model', parts: [{ text: 'I think.', thought: true }] } }] },
          {
            candidates: [
              {
                content: {
                  role: 'model',
                  parts: [{ functionCall: { id, name: 'Bash', args: { command: 'ls' } }, thoughtSignature }],
                },
                finishReason: 'STOP',
              },
            ],
          },
        ]),
      state: 'wanted-back',
    },
  ],
};

const stations = Object.values(stationsOf).flat();

/** Opens what was sealed for the same station, as the gateway's own does. */
function sealerOf({ name }: Station): Sealer {
  const own = `ccg1.${Buffer.from(name).toString('hex')}.`;
  return {
    seal: (state) => own + Buffer.from(state, 'latin1').toString('hex'),
    open: (sealed) =>
      sealed.startsWith(own) ? Buffer.from(sealed.slice(own.length), 'hex').toString('latin1') : undefined,
    pseudonym: (who) => `pseudonym of ${who}`,
  };
}

interface Sent {
  readonly station: Station;
  readonly body: string;
}

/** Leads one conversation through the stations; the result of every call goes to the next. */
function lead(route: readonly Station[]): readonly Sent[] {
  const ids = countingIds();
  const messages: unknown[] = [{ role: 'user', content: 'Go on.' }];
  return route.map((station, turn) => {
    const request = {
      model: 'claude-opus-5-5',
      max_tokens: 9000,
      stream: true,
      thinking: { type: 'enabled', budget_tokens: 2048 },
      tools: [{ name: 'Bash', description: 'Runs', input_schema: { type: 'object', properties: {} } }],
      messages,
    };
    const translation = translate(JSON.stringify(request), station.target, { ids, sealer: sealerOf(station) });
    const streamed = playStream(translation, [bytesOf(station.answer(stateOf(station, turn), station.id(turn)))]);
    const { end, stopReason, content } = parseStream(streamed.text);
    expect([end, stopReason], streamed.text).toEqual(['message', 'tool_use']);
    const results = content.flatMap((block) =>
      block.type === 'tool_use' ? [{ type: 'tool_result', tool_use_id: block.id, content: `result ${turn}` }] : [],
    );
    messages.push({ role: 'assistant', content: content.map(asHistory) }, { role: 'user', content: results });
    return { station, body: bodyText(translation) };
  });
}

function asHistory(block: ParsedBlock): unknown {
  if (block.type !== 'tool_use') return block;
  const { id, name, inputJson } = block;
  return { type: 'tool_use', id, name, input: JSON.parse(inputJson) };
}

function stateOf({ name }: Station, turn: number): string {
  return Buffer.from(`state ${turn} of ${name}`).toString('base64');
}

/** What is wrong with the last request of a route, as the backend that gets it would see it. */
function faultsOf(sent: readonly Sent[]): readonly string[] {
  const last = sent.at(-1);
  if (last === undefined) return ['nothing was sent'];
  const { station, body } = last;
  const before = sent.slice(0, -1).map((one, turn) => ({ state: stateOf(one.station, turn), from: one.station }));
  const foreign = before.filter(({ from, state }) => from !== station && body.includes(state));
  const own = before.filter(({ from }) => from === station);
  const lost = station.state === 'wanted-back' ? own.filter(({ state }) => !body.includes(state)) : [];
  const parsed: unknown = JSON.parse(body);
  return [
    ...foreign.map(({ from }) => `has the state of ${from.name}`),
    ...lost.map(() => 'has lost its own state'),
    ...(body.includes('ccg1.') ? ['has what the gateway sealed'] : []),
    ...(JSON.stringify(parsed).split('result ').length === before.length + 1 ? [] : ['has not every result']),
    ...(station.name === 'anthropic' ? anthropicFaults(parsed) : []),
    ...(station.name === 'gemini' ? geminiFaults(parsed, own.length) : []),
  ];
}

/** Gemini gets back the ids that it gave, on calls and on results, and no others. */
function geminiFaults(body: unknown, ownCalls: number): readonly string[] {
  const ids = jsonListAt(body, 'contents')
    .flatMap((content) => jsonListAt(content, 'parts'))
    .flatMap((part) => [jsonTextAt(part, 'functionCall', 'id'), jsonTextAt(part, 'functionResponse', 'id')])
    .filter((id) => id !== '');
  const foreign = ids.filter((id) => !id.startsWith('lpndqlk'));
  const isWhole = ids.length - foreign.length === 2 * ownCalls;
  return [...foreign.map((id) => `has the id ${id}`), ...(isWhole ? [] : ['has lost its own ids'])];
}

/** What the Anthropic API refuses. */
function anthropicFaults(body: unknown): readonly string[] {
  const faults: string[] = [];
  let open: readonly string[] = [];
  for (const message of jsonListAt(body, 'messages')) {
    const blocks = jsonListAt(message, 'content');
    const results = blocks.filter((block) => jsonAt(block, 'type') === 'tool_result');
    if (results.map((block) => jsonTextAt(block, 'tool_use_id')).join() !== open.join())
      faults.push('has stray results');
    const calls = blocks.filter((block) => jsonAt(block, 'type') === 'tool_use');
    open = calls.map((block) => jsonTextAt(block, 'id'));
    if (open.some((id) => !/^[A-Za-z0-9_-]{1,64}$/u.test(id))) faults.push(`has the ids ${open.join()}`);
  }
  return faults;
}

describe('a conversation that changes its provider', () => {
  const pairs = stations.flatMap((from) => stations.map((to) => ({ from, to })));

  test.each(pairs.map(({ from, to }) => ({ from, to, name: `${from.name} → ${to.name} → ${from.name}` })))(
    'goes on with no state of another one, and finds its own again: $name',
    ({ from, to }) => {
      const route = [from, to, from, to, from];
      const sent = lead(route);
      expect(route.map((_station, turn) => faultsOf(sent.slice(0, turn + 1)))).toEqual(route.map(() => []));
    },
  );

  test('goes through all of them twice, in ten turns or more', () => {
    const route = [...stations, ...stations];
    expect(route.length).toBeGreaterThanOrEqual(10);
    const sent = lead(route);
    expect(route.map((_station, turn) => faultsOf(sent.slice(0, turn + 1)))).toEqual(route.map(() => []));
  });
});
