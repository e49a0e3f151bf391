import Anthropic from '@anthropic-ai/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chatAnswers } from './arbitrary-answer.ts';
import { fixtureCases } from './fixture-cases.ts';
import { parseStream } from './sse-grammar.ts';
import type { ParsedBlock } from './sse-grammar.ts';
import { bytesOf, plainRequest, playStream, translate } from './translate.ts';

const chat = { dialect: 'openai-chat', model: 'gpt-4.1' } as const;
const params = { model: 'claude-opus-5-5', max_tokens: 1000, messages: [{ role: 'user' as const, content: 'Hi' }] };

describe('the official SDK', () => {
  test('gathers the same content from a stream', async () => {
    await fc.assert(
      fc.asyncProperty(chatAnswers, async (answer) => {
        const { text } = playStream(translate(plainRequest, chat), [bytesOf(answer.stream)]);
        const message = await clientOf(text, 'text/event-stream').messages.stream(params).finalMessage();
        expect(message.content.map(normalise)).toEqual(answer.content.map(expected));
        const { input, cacheRead, output } = answer.usage;
        expect(message.usage).toMatchObject({
          input_tokens: input,
          cache_read_input_tokens: cacheRead,
          output_tokens: output,
        });
      }),
      { numRuns: 60 },
    );
  });

  const dialects = ['openai-chat', 'openai-responses', 'ollama', 'gemini'] as const;
  const streams = dialects.flatMap(fixtureCases).flatMap((fixture) => {
    const stream = fixture.read('stream.out.txt');
    return stream === undefined ? [] : [{ name: fixture.name, stream }];
  });
  test.each(streams)('takes the stream of $name for what it is', async ({ stream }) => {
    const parsed = parseStream(stream);
    const final = clientOf(stream, 'text/event-stream').messages.stream(params).finalMessage();
    if (parsed.end === 'error') {
      await expect(final).rejects.toThrow(String(parsed.errorType));
      return;
    }
    const message = await final;
    expect(message.stop_reason).toBe(parsed.stopReason);
    expect(message.content.map(({ type }) => type)).toEqual(parsed.content.map(({ type }) => type));
  });

  test('reads a JSON answer', async () => {
    const input = fixtureCases('openai-chat')
      .find(({ name }) => name === 'answer-with-everything')
      ?.read('answer.in.json');
    const answer = translate(plainRequest, chat).reader.answer(bytesOf(String(input)));
    if (answer.kind !== 'message' || typeof answer.body !== 'string') throw new Error('no message');
    const message = await clientOf(
      Buffer.from(answer.body, 'latin1').toString('utf8'),
      'application/json',
    ).messages.create(params);
    expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'text', 'tool_use', 'tool_use']);
    expect(message.content[2]).toMatchObject({ id: 'call_1', input: { command: 'echo "é 😀"' } });
    expect(message.stop_reason).toBe('tool_use');
  });
});

/** A client whose only upstream is this text. */
function clientOf(body: string, contentType: string): Anthropic {
  const fetch = () => Promise.resolve(new Response(body, { headers: { 'content-type': contentType } }));
  return new Anthropic({ apiKey: 'none', baseURL: 'http://127.0.0.1:9', maxRetries: 0, fetch });
}

function normalise(block: Anthropic.ContentBlock): unknown {
  if (block.type === 'text') return { type: 'text', text: block.text };
  if (block.type === 'tool_use') return { type: 'tool_use', id: block.id, name: block.name, input: block.input };
  return block;
}

function expected(block: ParsedBlock): unknown {
  if (block.type !== 'tool_use') return block;
  const input: unknown = JSON.parse(block.inputJson);
  return { type: 'tool_use', id: block.id, name: block.name, input };
}
