import {
  anthropicFrames,
  callTool,
  collectFrames,
  geminiFrames,
  jsonAt,
  jsonListAt,
  jsonTextAt,
  ollamaLines,
  openAiResponsesFrames,
  say,
} from '@ccg/testkit';
import type { ModelTurn } from '@ccg/testkit';
import fc from 'fast-check';
import { chatAnswers } from '../arbitrary-answer.ts';
import type { TestDialect } from '../translate.ts';
import { withWholeDeltas } from './whole-deltas.ts';

/** A whole answer, and what went wrong on its way. Everything is data, so that a failure can be shrunk. */
export interface FaultyStream {
  readonly base: number;
  readonly faults: readonly Fault[];
}

type Fault =
  /** Bytes of one event are missing. */
  | { readonly kind: 'hole'; readonly at: number; readonly from: number; readonly length: number }
  /** The whole answer comes once more, or what should be the whole answer. */
  | { readonly kind: 'snapshot'; readonly place: 'before' | 'within' | 'after'; readonly lost: number | undefined }
  /** Calls share their ids. */
  | { readonly kind: 'ids'; readonly count: number }
  /** Each delta is the whole text so far. */
  | { readonly kind: 'wholes' };

export const faultyStreams: fc.Arbitrary<FaultyStream> = fc.record({
  base: fc.nat({ max: 59 }),
  faults: fc.uniqueArray(
    fc.oneof(
      fc.record({
        kind: fc.constant('hole' as const),
        at: fc.nat({ max: 60 }),
        from: fc.double({ min: 0, max: 1, noNaN: true }),
        length: fc.integer({ min: 1, max: 60 }),
      }),
      fc.record({
        kind: fc.constant('snapshot' as const),
        place: fc.constantFrom('before' as const, 'within' as const, 'after' as const),
        lost: fc.option(fc.nat({ max: 20 }), { nil: undefined }),
      }),
      fc.record({ kind: fc.constant('ids' as const), count: fc.constantFrom(1, 2) }),
      fc.record({ kind: fc.constant('wholes' as const) }),
    ),
    { minLength: 1, maxLength: 4, selector: ({ kind }) => kind },
  ),
});

/** The frames of whole answers of a dialect. */
export function wholeAnswers(dialect: TestDialect): readonly (readonly string[])[] {
  const streams =
    dialect === 'openai-chat'
      ? fc.sample(chatAnswers, { numRuns: 60, seed: 2 }).map(({ stream }) => stream.replaceAll('\r\n', '\n'))
      : writtenAnswers(writers[dialect]);
  return streams.map((stream) => stream.split(dialect === 'ollama' ? /(?<=\n)/u : /(?<=\n\n)/u));
}

const writers = {
  anthropic: anthropicFrames,
  'openai-responses': (turn: ModelTurn, model: string) => openAiResponsesFrames(turn, { model }),
  ollama: ollamaLines,
  gemini: geminiLines,
};

/** With line ends that can be told from those of other dialects' faults. */
function geminiLines(turn: ModelTurn): string[] {
  return geminiFrames(turn).map((frame) => frame.replaceAll('\r\n', '\n'));
}

function writtenAnswers(write: typeof ollamaLines): readonly string[] {
  const call = (id: string, command: string) => callTool(id, 'Bash', { command, timeout: 5 });
  return [
    [say('Grüße, "Welt" 😀')],
    [call('toolu_1', 'rm -rf build/cache --dry-run'), call('toolu_2', 'ls')],
    [say('I look.'), call('toolu_1', 'echo "é"'), say('And then?')],
    [call('toolu_1', 'ls'), call('toolu_2', 'ls'), call('toolu_3', 'pwd')],
    [
      say('Let me look at the files, and then at "the rest" of them.'),
      call('toolu_1', 'ls'),
      say('Now I know enough.'),
    ],
  ].map((content) => write({ content }, 'm').join(''));
}

/** The stream with its faults. Undefined where a hole leaves no trace that anybody could see. */
export function renderFaulty(
  { base, faults }: FaultyStream,
  answers: readonly (readonly string[])[],
  dialect: TestDialect,
): string | undefined {
  let frames: readonly string[] | undefined = answers[base % answers.length] ?? [];
  for (const kind of ['snapshot', 'ids', 'wholes', 'hole'] as const) {
    const fault = faults.find((candidate) => candidate.kind === kind);
    if (fault !== undefined && frames !== undefined) frames = apply(frames, fault, dialect);
  }
  return frames?.join('');
}

function apply(frames: readonly string[], fault: Fault, dialect: TestDialect): readonly string[] | undefined {
  switch (fault.kind) {
    case 'hole':
      return cut(frames, fault.at % frames.length, fault.from, fault.length, dialect === 'ollama');
    case 'ids':
      return frames.map((frame) =>
        frame.replace(/"(?:call_|toolu_)(\d+)"/gu, (_id, number) => `"call_${Number(number) % fault.count}"`),
      );
    case 'wholes':
      return withWholeDeltas(frames);
    case 'snapshot':
      // Ollama and Gemini never say an answer twice.
      if (dialect === 'ollama' || dialect === 'gemini') return frames;
      if (dialect === 'openai-responses') return withResponse(frames, fault);
      return dialect === 'openai-chat' ? withChatSnapshot(frames, fault) : withMessage(frames, fault);
  }
}

function cut(
  frames: readonly string[],
  at: number,
  from: number,
  length: number,
  isLine: boolean,
): readonly string[] | undefined {
  const frame = (frames[at] ?? '').trimEnd();
  const start = Math.floor(from * frame.length);
  const rest = `${frame.slice(0, start)}${frame.slice(start + length)}`;
  const left = isLine ? `${rest}\n` : `${rest}\n\n`;
  return leavesTrace(isLine ? `data: ${rest}\n\n` : left) ? frames.with(at, left) : undefined;
}

/** Whether what is left is neither JSON nor words alone. */
function leavesTrace(frame: string): boolean {
  if (!/[{}[\]"\\]/u.test(frame)) return false;
  const [event] = collectFrames(frame);
  if (event === undefined) return true;
  try {
    JSON.parse(event.data);
    return false;
  } catch {
    return /[{}[\]"\\]/u.test(event.data);
  }
}

type Snapshot = Extract<Fault, { kind: 'snapshot' }>;

/** Everything that the deltas said, put together without the product. */
function withChatSnapshot(frames: readonly string[], { place, lost }: Snapshot): readonly string[] {
  const deltas = chunksOf(frames).map((chunk) => jsonAt(chunk, 'choices', 0, 'delta'));
  const all = (name: string) => deltas.map((delta) => textAt(delta, name)).join('');
  const calls: { id: string; type: string; function: { name: string; arguments: string } }[] = [];
  for (const delta of deltas) {
    for (const piece of jsonListAt(delta, 'tool_calls')) {
      const index = Number(jsonAt(piece, 'index'));
      calls[index] ??= {
        id: `other_${index}`,
        type: 'function',
        function: { name: textAt(jsonAt(piece, 'function'), 'name'), arguments: '' },
      };
      calls[index].function.arguments += textAt(jsonAt(piece, 'function'), 'arguments');
    }
  }
  const message = lose(
    { role: 'assistant', content: all('content'), reasoning_content: all('reasoning_content'), tool_calls: calls },
    lost,
  );
  const last = frames.findIndex((frame) => /"finish_reason":"/u.test(frame));
  const own = `data: ${JSON.stringify({ choices: [{ index: 0, message }] })}\n\n`;
  const within = (frames[last] ?? '').replace('"delta":{}', () => `"message":${JSON.stringify(message)}`);
  if (place === 'within') return frames.with(last, within);
  return frames.toSpliced(place === 'before' ? last : last + 1, 0, own);
}

/** Every stream ends with the whole answer; here it differs from its pieces. */
function withResponse(frames: readonly string[], { lost }: Snapshot): readonly string[] {
  return frames.map((frame) => {
    if (!frame.includes('"response.completed"')) return frame;
    const event = Object(chunksOf([frame])[0]);
    return `event: response.completed\ndata: ${JSON.stringify(lose(event, lost))}\n\n`;
  });
}

function withMessage(frames: readonly string[], { place, lost }: Snapshot): readonly string[] {
  const content: Record<string, unknown>[] = [];
  for (const event of chunksOf(frames)) {
    const index = Number(jsonAt(event, 'index'));
    const type = jsonAt(event, 'type');
    const block = content[index];
    if (type === 'content_block_start') {
      content[index] = { ...Object(jsonAt(event, 'content_block')), json: '' };
    } else if (type === 'content_block_delta' && block !== undefined) {
      block['text'] = `${textAt(block, 'text')}${textAt(jsonAt(event, 'delta'), 'text')}`;
      block['json'] = `${textAt(block, 'json')}${textAt(jsonAt(event, 'delta'), 'partial_json')}`;
    }
  }
  const blocks = content.map(({ json, ...block }) =>
    block['type'] === 'tool_use' ? { ...block, id: 'other', input: JSON.parse(String(json)) } : block,
  );
  const message = lose({ type: 'message', role: 'assistant', content: blocks }, lost);
  const last = frames.findIndex((frame) => frame.includes('"stop_reason":"'));
  const stop = `event: message_stop\ndata: ${JSON.stringify({ type: 'message_stop', message })}\n\n`;
  if (place === 'within') return frames.map((frame) => (frame.includes('"message_stop"') ? stop : frame));
  const own = `event: message\ndata: ${JSON.stringify(message)}\n\n`;
  return frames.toSpliced(place === 'before' ? last : last + 1, 0, own);
}

/** The value without one character of one of its texts, so that it no longer says what the deltas said. */
function lose(value: object, lost: number | undefined): object {
  if (lost === undefined) return value;
  let texts = 0;
  const json = JSON.stringify(value, (key, member: unknown) => {
    if (
      typeof member !== 'string' ||
      member.length < 2 ||
      !/^(?:content|text|command|reasoning_content|arguments)$/u.test(key)
    ) {
      return member;
    }
    texts += 1;
    return texts === 1 + (lost % 2)
      ? member.slice(0, lost % member.length) + member.slice((lost % member.length) + 1)
      : member;
  });
  return Object(JSON.parse(json));
}

function chunksOf(frames: readonly string[]): readonly unknown[] {
  return collectFrames(frames.join('')).flatMap(({ data }) => (data.startsWith('{') ? [JSON.parse(data)] : []));
}

function textAt(value: unknown, name: string): string {
  const text = jsonAt(value, name);
  return typeof text === 'string' ? text : '';
}

/** What an answer says, as a client that follows the grammar gathers it: ids and borders of blocks aside. */
export function saidBy(text: string): { readonly text: string; readonly thinking: string; readonly calls: string[] } {
  const said = { text: '', thinking: '' };
  const inputs = new Map<unknown, { name: string; json: string }>();
  for (const { event, data } of collectFrames(text)) {
    if (!event.startsWith('content_block_')) continue;
    const value: unknown = JSON.parse(data);
    const index = jsonAt(value, 'index');
    if (jsonAt(value, 'content_block', 'type') === 'tool_use') {
      inputs.set(index, { name: jsonTextAt(value, 'content_block', 'name'), json: '' });
    }
    const delta = jsonAt(value, 'delta');
    said.text += textAt(delta, 'text');
    said.thinking += textAt(delta, 'thinking');
    const input = inputs.get(index);
    if (input !== undefined) input.json += textAt(delta, 'partial_json');
  }
  const calls = [...inputs.values()].map(
    ({ name, json }) => `${name} ${JSON.stringify(JSON.parse(json === '' ? '{}' : json))}`,
  );
  return { ...said, calls };
}
