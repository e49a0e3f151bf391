import { GatewayError } from '@ccg/kernel';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { captureLines } from './fixture-cases.ts';
import { parseStream } from './sse-grammar.ts';
import { bodyText, bytesOf, plainRequest, playStream, historyNames, translate } from './translate.ts';

const chat = { dialect: 'openai-chat', model: 'gpt-4.1' } as const;
const captures = captureLines('claude-code.jsonl').filter(({ body }) => body.includes('tool_result'));
const oddValues = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom('constructor', '__proto__', 'tool_use', 'tool_result', 'image', 'document', 'system', '', 'toolu_1'),
  fc.constantFrom({ type: 'text' }, { type: 'image', source: null }, [[]], [{ type: 'tool_result', tool_use_id: 'x' }]),
);
const names = [
  'id',
  'index',
  'name',
  'arguments',
  'function',
  'content',
  'tool_calls',
  'finish_reason',
  'delta',
  'usage',
];
const words = ['error', 'reasoning', 'prompt_tokens', 'text', 'type', 'thinking', 'message', 'code', '__proto__'];
const chunkTrees = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<unknown>(null, 0, 1, -1, 'stop', 'length', 'error', 'a', '{"a":1}', '{"a"', '}', '', true, ' \n'),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names, ...words), tie('tree'), { maxKeys: 5 }),
  ),
})).tree;
const callTrees = fc.array(
  fc.record(
    {
      index: fc.nat({ max: 2 }),
      id: fc.constantFrom('a', 'b', ''),
      function: fc.record({ name: fc.constantFrom('X', 'Y', ''), arguments: chunkTrees }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  ),
  { maxLength: 3 },
);
const chunks = fc.oneof(
  chunkTrees,
  fc.record(
    {
      choices: fc.array(
        fc.record(
          {
            delta: fc.oneof(
              chunkTrees,
              fc.record({ content: chunkTrees, tool_calls: callTrees, reasoning: chunkTrees }, { requiredKeys: [] }),
            ),
            finish_reason: chunkTrees,
          },
          { requiredKeys: [] },
        ),
        { maxLength: 2 },
      ),
      usage: chunkTrees,
    },
    { requiredKeys: ['choices'] },
  ),
);

const ollama = { dialect: 'ollama', model: 'm' } as const;
const compatible = { dialect: 'anthropic', model: 'm' } as const;

test.each([
  ['openai-chat', chat],
  ['deepseek', { ...compatible, anthropicProfile: 'deepseek' }],
  ['ollama as Anthropic', { ...compatible, anthropicProfile: 'ollama' }],
  ['ollama', ollama],
  ['gemini', { dialect: 'gemini', model: 'm' }],
  ['openai-responses', { dialect: 'openai-responses', model: 'gpt-5.2' }],
] as const)('a request with anything anywhere is translated or refused as invalid (%s)', (_name, target) => {
  fc.assert(
    fc.property(
      fc.constantFrom(...captures),
      fc.array(fc.nat(), { minLength: 4, maxLength: 8 }),
      oddValues,
      ({ body }, path, value) => {
        const broken = JSON.stringify(replaceAt(JSON.parse(body), path, value));
        try {
          expect(JSON.parse(bodyText(translate(broken, target)))).toHaveProperty(historyNames[target.dialect]);
        } catch (thrown) {
          if (!(thrown instanceof GatewayError)) throw thrown;
          expect(thrown.code).toBe('request-invalid');
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('a stream of anything gives a grammatical stream that is whole or ends in one error', () => {
  fc.assert(
    fc.property(fc.array(chunks, { maxLength: 12 }), fc.boolean(), (list, done) => {
      const stream =
        list.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('') + (done ? 'data: [DONE]\n\n' : '');
      const { text, progress } = playStream(translate(plainRequest, chat), [bytesOf(stream)]);
      expect(progress.error?.code).not.toBe('internal');
      expect(parseStream(text).end).toBe(progress.state === 'complete' ? 'message' : 'error');
    }),
    { numRuns: 1500 },
  );
});

test('a whole answer of anything is a message or a failure', () => {
  fc.assert(
    fc.property(chunks, (tree) => {
      const json = JSON.stringify(tree).replaceAll('"delta"', '"message"');
      const answer = translate(plainRequest, chat).reader.answer(bytesOf(json));
      if (answer.kind === 'message') expect(JSON.parse(String(answer.body))).toHaveProperty('usage.output_tokens');
      else expect(answer.error.code).not.toBe('internal');
    }),
    { numRuns: 500 },
  );
});

const lines = fc.oneof(
  chunkTrees,
  fc.record(
    {
      message: fc.oneof(
        chunkTrees,
        fc.record({ content: chunkTrees, thinking: chunkTrees, tool_calls: callTrees }, { requiredKeys: [] }),
      ),
      done: fc.oneof(fc.boolean(), chunkTrees),
      done_reason: chunkTrees,
      error: chunkTrees,
      eval_count: chunkTrees,
    },
    { requiredKeys: ['message'] },
  ),
);

test('lines of anything give a grammatical stream that is whole or ends in one error, and a document that is the same', () => {
  fc.assert(
    fc.property(fc.array(lines, { maxLength: 8 }), (list) => {
      const body = bytesOf(list.map((line) => `${JSON.stringify(line)}\n`).join(''));
      const { text, progress } = playStream(translate(plainRequest, ollama), [body]);
      expect(progress.error?.code).not.toBe('internal');
      expect(parseStream(text).end).toBe(progress.state === 'complete' ? 'message' : 'error');
      const answer = translate(plainRequest, ollama).reader.answer(body);
      expect(answer.kind).toBe(progress.state === 'complete' ? 'message' : 'failure');
    }),
    { numRuns: 1500 },
  );
});

/** The tree with a value in place of whatever the numbers lead to. */
function replaceAt(tree: unknown, path: readonly number[], value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof tree !== 'object' || tree === null) return value;
  const entries = Object.entries(tree);
  const chosen = entries.length === 0 ? 0 : step % entries.length;
  const replaced = entries.map(
    ([key, child], index) => [key, index === chosen ? replaceAt(child, rest, value) : child] as const,
  );
  return Array.isArray(tree) ? replaced.map(([, child]) => child) : Object.fromEntries(replaced);
}
