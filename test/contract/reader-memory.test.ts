import { expect, test } from 'vitest';
import { collectGarbage, survivorsOf } from '@ccg/testkit';
import type { AnswerReader } from '@ccg/translation';
import { translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

const megabyte = 1024 * 1024;
const tool = (name: string) => ({ name, input_schema: { type: 'object', properties: { query: { type: 'string' } } } });

/** Names of V8's that are long enough to be slices of the text that they were read from. */
const request = JSON.stringify({
  model: 'claude-opus-5-5',
  max_tokens: 1000,
  stream: true,
  tools: [tool('mcp__declared_server__search')],
  messages: [
    { role: 'user', content: 'Search' },
    {
      role: 'assistant',
      content: [{ type: 'tool_use', id: 'toolu_1', name: 'mcp__undeclared_server__search', input: {} }],
    },
    {
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'ä long result. '.repeat(megabyte) }],
    },
    {
      role: 'system',
      content: [
        {
          type: 'tool_addition',
          tool: { type: 'tool_definition', definition: tool('mcp__added_server__search') },
        },
      ],
    },
    { role: 'user', content: 'Go on' },
  ],
});

const targets: readonly TestTarget[] = [
  { dialect: 'anthropic', model: 'claude-opus-5-5' },
  { dialect: 'anthropic', model: 'kimi-k2', anthropicProfile: 'kimi' },
  { dialect: 'openai-chat', model: 'gpt-5.2' },
  { dialect: 'openai-chat', model: 'm', profile: 'compatible', textCalls: true },
  { dialect: 'openai-responses', model: 'gpt-5.2' },
  { dialect: 'ollama', model: 'm', textCalls: true },
  { dialect: 'gemini', model: 'm', textCalls: true },
];

test.each(targets)('a reader of answers keeps nothing of the body that was sent: %o', async (target) => {
  const before = await bytesInUse();
  const { reader, body } = readerOf(target);
  // V8 compiles and frees on threads of its own; on a busy machine what they hold outlives a collection or two.
  expect(await survivorsOf([body])).toHaveLength(0);
  await expect.poll(async () => (await bytesInUse()) - before, { timeout: 10_000 }).toBeLessThan(4 * megabyte);
  expect(reader.stream(() => undefined).progress().state).toBe('open');
});

/** A function of its own, so that no variable of the test holds the translation. */
function readerOf(target: TestTarget): { readonly reader: AnswerReader; readonly body: WeakRef<Uint8Array> } {
  const { request: upstream, reader } = translate(request, target);
  expect(upstream.body.length).toBeGreaterThan(8 * megabyte);
  return { reader, body: new WeakRef(upstream.body) };
}

async function bytesInUse(): Promise<number> {
  for (let round = 0; round < 3; round += 1) await collectGarbage();
  // Long strings and the bytes of buffers lie outside the heap.
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
