import { expect } from 'vitest';
import { parseStream } from '../sse-grammar.ts';
import type { ParsedBlock } from '../sse-grammar.ts';
import { bytesOf, plainRequest, playStream, translate } from '../translate.ts';
import type { TestTarget } from '../translate.ts';

export const chat = { dialect: 'openai-chat', model: 'm', profile: 'compatible' } as const;

/** A name, the chunks of a stream, and what `tell` makes of them. */
export type Case = readonly [name: string, chunks: readonly (object | string)[], expected: readonly string[]];

/** A chunk with this delta. */
export function c(delta: object, more: object = {}): object {
  return { choices: [{ index: 0, delta, ...more }] };
}

export const stop = { finish_reason: 'stop' };
export const end = c({}, stop);

/** A delta with these calls. */
export function calls(...list: readonly object[]): object {
  return { tool_calls: list };
}

export function fn(name: string | undefined, args: unknown): object {
  return { function: { name, arguments: args } };
}

export const ls = '{"command":"ls"}';
export const bash = calls({ index: 0, id: 'a', ...fn('Bash', ls) });
export const bashInPieces = [
  c(calls({ index: 0, id: 'a', ...fn('Bash', '{"comma') })),
  c(calls({ index: 0, ...fn(undefined, 'nd":"ls"}') })),
];

/** What a client gets to see, as `text: …`, `thinking: …` and `Name {…}`; nothing where the stream ends with an error. */
export function tell(target: TestTarget, chunks: readonly (object | string)[]): string[] {
  const frames = chunks.map((chunk) => `data: ${typeof chunk === 'string' ? chunk : JSON.stringify(chunk)}\n\n`);
  return tellStream(target, `${frames.join('')}data: [DONE]\n\n`);
}

/** The same for the bytes of a stream. */
export function tellStream(target: TestTarget, stream: string): string[] {
  const { text, progress } = playStream(translate(plainRequest, target), [bytesOf(stream)]);
  const { end: how, content } = parseStream(text);
  expect(how).toBe(progress.state === 'complete' ? 'message' : 'error');
  return how === 'message' ? content.map(describeBlock) : [];
}

function describeBlock(block: ParsedBlock): string {
  switch (block.type) {
    case 'text':
      return `text: ${block.text}`;
    case 'thinking':
      return `thinking: ${block.thinking}`;
    case 'tool_use':
      return `${block.name} ${block.inputJson}`;
    case 'server_tool_use':
    case 'web_search_tool_result':
    case 'redacted_thinking':
      return block.type;
  }
}
