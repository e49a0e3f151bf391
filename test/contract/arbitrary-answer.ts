import { anyCharacter } from '@ccg/testkit';
import fc from 'fast-check';
import type { ParsedBlock } from './sse-grammar.ts';

/** A streamed chat completion, and what must come out of it. */
export interface ChatAnswer {
  /** The whole event stream as text. */
  readonly stream: string;
  /** How many bytes have to arrive before the answer may count as whole. */
  readonly completeFrom: number;
  readonly content: readonly ParsedBlock[];
  readonly usage: { readonly input: number; readonly cacheRead: number; readonly output: number };
}

type Part =
  | { readonly kind: 'text' | 'thinking'; readonly text: string }
  | { readonly kind: 'tools'; readonly calls: readonly Call[]; readonly order: readonly number[] };

interface Call {
  readonly name: string;
  readonly inputJson: string;
}

const texts = fc.string({ unit: anyCharacter, maxLength: 30 }).map((text) => `x${text}`);
const calls = fc.record({
  name: fc.constantFrom('Bash', 'Read', 'mcp__a__b'),
  inputJson: fc
    .dictionary(fc.string({ unit: anyCharacter, maxLength: 6 }), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })
    .map((input) => JSON.stringify(input)),
});
const parts: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ kind: fc.constantFrom('text' as const, 'thinking' as const), text: texts }),
  fc.record({
    kind: fc.constant('tools' as const),
    calls: fc.array(calls, { minLength: 1, maxLength: 3 }),
    order: fc.array(fc.nat({ max: 2 }), { maxLength: 30 }),
  }),
);

/** Answers with reasoning, text and calls, cut into small pieces, the pieces of parallel calls mixed at will. */
export const chatAnswers: fc.Arbitrary<ChatAnswer> = fc
  .record({
    parts: fc.array(parts, { minLength: 1, maxLength: 4 }),
    pieceLength: fc.integer({ min: 1, max: 9 }),
    usageAt: fc.constantFrom('start', 'finish', 'after'),
    lineEnd: fc.constantFrom('\n', '\r\n'),
    done: fc.boolean(),
  })
  .filter((answer) => answer.parts.some((part) => part.kind !== 'thinking'))
  .map(render);

interface Plan {
  readonly parts: readonly Part[];
  readonly pieceLength: number;
  readonly usageAt: string;
  readonly lineEnd: string;
  readonly done: boolean;
}

/** What the tests' own sealer makes of reasoning without any state of the backend's. */
const plainSignature = `ccg1.${Buffer.from('{"v":1,"origin":"reasoning_content"}').toString('base64url')}`;

const usage = { prompt_tokens: 50, completion_tokens: 9, prompt_tokens_details: { cached_tokens: 20 } };

function render(plan: Plan): ChatAnswer {
  const content: ParsedBlock[] = [];
  let callCount = 0;
  const deltas = plan.parts.flatMap((part) => {
    if (part.kind !== 'tools') {
      addText(content, part.kind, part.text);
      return cut(part.text, plan.pieceLength).map((text) =>
        part.kind === 'text' ? { content: text } : { reasoning_content: text },
      );
    }
    const first = callCount;
    callCount += part.calls.length;
    for (const [index, { name, inputJson }] of part.calls.entries()) {
      content.push({ type: 'tool_use', id: `call_${first + index}`, name, inputJson });
    }
    return callDeltas(part.calls, first, part.order, plan.pieceLength);
  });
  const chunks = [
    chunk({ role: 'assistant', content: '' }, null, plan.usageAt === 'start' ? { usage } : {}),
    ...deltas.map((delta) => chunk(delta, null)),
    chunk({}, callCount > 0 ? 'tool_calls' : 'stop', plan.usageAt === 'finish' ? { usage } : {}),
  ];
  const head = chunks.map((data) => frame(data, plan.lineEnd)).join('');
  const usageFrame = plan.usageAt === 'after' ? frame(JSON.stringify({ choices: [], usage }), plan.lineEnd) : '';
  return {
    stream: head + usageFrame + (plan.done ? frame('[DONE]', plan.lineEnd) : ''),
    completeFrom: Buffer.byteLength(head) - 2 * plan.lineEnd.length,
    content,
    usage: { input: 30, cacheRead: 20, output: 9 },
  };
}

/** Takes a piece of each call in turn as `order` says, then what is left. A call starts before the next one does. */
function callDeltas(list: readonly Call[], first: number, order: readonly number[], pieceLength: number): object[] {
  const starts = list.map(({ name }, index) => call(first + index, { name, arguments: '' }, `call_${first + index}`));
  const left = list.map(({ inputJson }) => cut(inputJson, pieceLength));
  const deltas: object[] = [...starts];
  const take = (index: number) => {
    const piece = left[index]?.shift();
    if (piece !== undefined) deltas.push(call(first + index, { arguments: piece }));
  };
  for (const index of order) take(index % list.length);
  for (const [index, rest] of left.entries()) while (rest.length > 0) take(index);
  return deltas;
}

function call(index: number, definition: object, id?: string): object {
  return { tool_calls: [{ index, ...(id === undefined ? {} : { id, type: 'function' }), function: definition }] };
}

function addText(content: ParsedBlock[], kind: 'text' | 'thinking', text: string): void {
  const last = content.at(-1);
  if (kind === 'text' && last?.type === 'text') content[content.length - 1] = { ...last, text: last.text + text };
  else if (kind === 'thinking' && last?.type === 'thinking') {
    content[content.length - 1] = { ...last, thinking: last.thinking + text };
  } else
    content.push(
      kind === 'text' ? { type: 'text', text } : { type: 'thinking', thinking: text, signature: plainSignature },
    );
}

/** By UTF-16 units, so that pieces may hold half a surrogate pair. */
function cut(text: string, length: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; at += length) pieces.push(text.slice(at, at + length));
  return pieces;
}

function chunk(delta: object, finishReason: string | null, more: object = {}): string {
  return JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
    ...more,
  });
}

function frame(data: string, lineEnd: string): string {
  return `data: ${data}${lineEnd}${lineEnd}`;
}
