import { describe, expect, test } from 'vitest';
import { bytesOf, playStream, requestWithTools, translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

const data = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`;
const event = (type: string, rest: object) => `event: ${type}\n${data({ type, ...rest })}`;
type Content = 'text' | 'call';
const input = { command: 'ls' };
const fn = { name: 'Bash', arguments: JSON.stringify(input) };

interface Server {
  readonly name: string;
  readonly target: TestTarget;
  readonly stream: (content: Content, reason: string) => string;
  readonly document: (content: Content, reason: string) => string;
}

const chatPart = (content: Content) =>
  content === 'text' ? { content: 'Hel' } : { tool_calls: [{ index: 0, id: 'a', type: 'function', function: fn }] };
const geminiAnswer = (content: Content, finishReason: string) => {
  const part = content === 'text' ? { text: 'Hel' } : { functionCall: { name: 'Bash', args: input } };
  return { candidates: [{ content: { role: 'model', parts: [part] }, finishReason }] };
};
const block = (content: Content) =>
  content === 'text' ? { type: 'text', text: 'Hel' } : { type: 'tool_use', id: 'a', name: 'Bash', input };
const line = (content: Content, reason: string) => {
  const call = { function: { name: 'Bash', arguments: input } };
  const message = content === 'text' ? { content: 'Hel' } : { content: '', tool_calls: [call] };
  return `${JSON.stringify({ message, done: true, done_reason: reason })}\n`;
};

const servers: readonly Server[] = [
  {
    name: 'chat completions',
    target: { dialect: 'openai-chat', model: 'm', profile: 'compatible' },
    stream: (content, reason) =>
      data({ choices: [{ index: 0, delta: chatPart(content) }] }) +
      data({ choices: [{ index: 0, delta: {}, finish_reason: reason }] }) +
      'data: [DONE]\n\n',
    document: (content, reason) =>
      JSON.stringify({ choices: [{ index: 0, message: chatPart(content), finish_reason: reason }] }),
  },
  {
    name: 'an Anthropic-compatible server',
    target: { dialect: 'anthropic', anthropicProfile: 'glm', model: 'm' },
    stream: (content, reason) =>
      event('message_start', { message: { usage: { input_tokens: 1 } } }) +
      event('content_block_start', { index: 0, content_block: block(content) }) +
      event('content_block_stop', { index: 0 }) +
      event('message_delta', { delta: { stop_reason: reason }, usage: { output_tokens: 3 } }) +
      event('message_stop', {}),
    document: (content, reason) =>
      JSON.stringify({ type: 'message', content: [block(content)], stop_reason: reason, usage: {} }),
  },
  {
    name: 'Gemini',
    target: { dialect: 'gemini', model: 'm' },
    stream: (content, reason) => data(geminiAnswer(content, reason)),
    document: (content, reason) => JSON.stringify(geminiAnswer(content, reason)),
  },
  { name: 'Ollama', target: { dialect: 'ollama', model: 'm' }, stream: line, document: line },
];

/** Whether the reason says that the answer failed, however it is written. */
const failures = `error ERROR network_error failed timeout cancelled CANCELLED canceled aborted abort server_error
  engine_error internal-error generationFailed FINISH_REASON_MALFORMED_FUNCTION_CALL MALFORMED_TOOL_CALL TIMED_OUT
  upstream_error interrupted connection_lost insufficient_system_resource engine_overloaded`.split(/\s+/u);
const lengths = `length LENGTH MAX_TOKENS max_tokens max_output_tokens max-tokens maxTokens model_length
  FINISH_REASON_MAX_TOKENS max_completion_tokens token_limit truncated model_context_window_exceeded`.split(/\s+/u);
const refusals = ['content_filter', 'CONTENT_FILTER', 'contentFilter', 'sensitive', 'SAFETY', 'PROHIBITED_CONTENT'];
const stops = ['stop', 'STOP', 'end_turn', 'eos', 'eos_token', 'tool_calls', 'function_call', 'COMPLETE', 'unknown'];

describe.each(servers)('an answer of $name', ({ target, stream, document }) => {
  const played = (content: Content, reason: string) =>
    playStream(translate(requestWithTools, target), [bytesOf(stream(content, reason))]);
  const read = (content: Content, reason: string) =>
    translate(requestWithTools, target).reader.answer(bytesOf(document(content, reason)));

  test.each(failures)('that ends with a reason which says that it failed is no success: %s', (reason) => {
    for (const content of ['text', 'call'] as const) {
      const { text, progress } = played(content, reason);
      expect(progress.state).toBe('failed');
      expect(text).not.toMatch(/"stop_reason":"|"type":"message_stop"/u);
      expect(read(content, reason).kind).toBe('failure');
    }
  });

  test.each([
    ...lengths.map((reason) => [reason, 'max_tokens', 'max_tokens']),
    ...refusals.map((reason) => [reason, 'refusal', 'tool_use']),
    ...stops.map((reason) => [reason, 'end_turn', 'tool_use']),
  ])('that ends with the reason %s is told as %s', (reason, ofText, ofCall) => {
    expect(played('text', reason).text).toContain(`"stop_reason":"${ofText}"`);
    if (ofText !== 'refusal') expect(played('call', reason).text).toContain(`"stop_reason":"${ofCall}"`);
  });
});

describe('an answer of Gemini', () => {
  const target: TestTarget = { dialect: 'gemini', model: 'm' };
  const play = (text: string) => playStream(translate(requestWithTools, target), [bytesOf(text)]).progress.state;

  test('that stopped for unknown reasons is no success', () => {
    for (const content of ['text', 'call'] as const) expect(play(data(geminiAnswer(content, 'OTHER')))).toBe('failed');
  });

  test('is not whole by a terminal marker without a reason', () => {
    expect(play(`${data(geminiAnswer('text', ''))}data: [DONE]\n\n`)).toBe('truncated');
    expect(play(`${data(geminiAnswer('text', 'STOP'))}data: [DONE]\n\n`)).toBe('complete');
  });
});
