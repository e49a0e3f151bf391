import { jsonAt, jsonListAt } from '@ccg/testkit';
import { describe, expect, test } from 'vitest';
import { captureLines } from './fixture-cases.ts';
import { bodyText, translate } from './translate.ts';

const captures = captureLines('claude-code.jsonl');
const roles = new Set(['system', 'developer', 'user', 'assistant', 'tool']);
/** What belongs to Anthropic or to the developer's machine and must not reach another backend. */
const secretWords =
  /"(?:safeguards|context_management|metadata|cache_control|betas|defer_loading|eager_input_streaming|output_config)"|x-anthropic-billing-header|DeferredToolPlaceholder/u;

test('the captures are all there', () => {
  expect(captures).toHaveLength(57);
});

describe.each(captures)('the request $name', ({ body }) => {
  test.each(['openai', 'nvidia', 'openrouter', 'compatible'] as const)(
    'is a chat completion request of the profile %s',
    (profile) => {
      const translation = translate(body, { dialect: 'openai-chat', model: 'gpt-4.1', profile });
      const text = bodyText(translation);
      const request: unknown = JSON.parse(text);
      const messages = jsonListAt(request, 'messages');
      expect(messages.length).toBeGreaterThan(0);
      expect(messages.filter((message) => !roles.has(String(jsonAt(message, 'role'))))).toEqual([]);
      expect(unansweredCalls(messages)).toEqual([]);
      expect(
        jsonListAt(request, 'tools').filter((tool) => jsonAt(tool, 'function', 'parameters', 'type') !== 'object'),
      ).toEqual([]);
      expect(text).not.toMatch(secretWords);
      expect(jsonAt(request, 'stream')).toBe(jsonAt(JSON.parse(body), 'stream') === true);
    },
  );

  test('goes to Anthropic byte for byte', () => {
    const model = String(jsonAt(JSON.parse(body), 'model'));
    const translation = translate(body, { dialect: 'anthropic', model });
    // Reasoning without a signature came from elsewhere, and Anthropic would refuse it.
    expect(bodyText(translation)).toBe(body.replaceAll(/\{"type":"thinking",[^{}]*"signature":""\},/gu, ''));
    expect(translation.request.warnings).toEqual([]);
  });
});

/** Ids of calls that are not answered at once and in order. */
function unansweredCalls(messages: readonly unknown[]): readonly unknown[] {
  return messages.flatMap((message, index) => {
    const ids = jsonListAt(message, 'tool_calls').map((call) => jsonAt(call, 'id'));
    const answers = messages.slice(index + 1, index + 1 + ids.length).map((answer) => jsonAt(answer, 'tool_call_id'));
    return ids.filter((id, position) => id !== answers[position]);
  });
}
