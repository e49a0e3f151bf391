import { jsonAt, jsonListAt, openAiResponsesFault } from '@ccg/testkit';
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

  test.each(['openai', 'compatible'] as const)('is a request for a response of the profile %s', (profile) => {
    const text = bodyText(translate(body, { dialect: 'openai-responses', model: 'gpt-5.2', profile }));
    const request: unknown = JSON.parse(text);
    expect(openAiResponsesFault(request)).toBeUndefined();
    const items = jsonListAt(request, 'input');
    expect(items.length).toBeGreaterThan(0);
    const messages = items.filter((item) => jsonAt(item, 'type') === 'message');
    expect(messages.filter((message) => !roles.has(String(jsonAt(message, 'role'))))).toEqual([]);
    expect(text).not.toMatch(secretWords);
    expect(request).toMatchObject({ store: false, stream: jsonAt(JSON.parse(body), 'stream') === true });
  });

  test('is a chat of Ollama', () => {
    const text = bodyText(translate(body, { dialect: 'ollama', model: 'qwen3:8b' }));
    const request: unknown = JSON.parse(text);
    const messages = jsonListAt(request, 'messages');
    expect(messages.length).toBeGreaterThan(0);
    expect(messages.filter((message) => !roles.has(String(jsonAt(message, 'role'))))).toEqual([]);
    expect(messages.filter((message) => typeof jsonAt(message, 'content') !== 'string')).toEqual([]);
    expect(unansweredCalls(messages)).toEqual([]);
    const inputs = messages.flatMap((message) => jsonListAt(message, 'tool_calls'));
    expect(inputs.filter((call) => typeof jsonAt(call, 'function', 'arguments') !== 'object')).toEqual([]);
    expect(
      jsonListAt(request, 'tools').filter((tool) => jsonAt(tool, 'function', 'parameters', 'type') !== 'object'),
    ).toEqual([]);
    expect(text).not.toMatch(secretWords);
    expect(request).toMatchObject({ truncate: false, options: { num_ctx: 128_000 } });
  });

  test.each(['gemini-2.5-flash', 'gemini-3-pro-preview'])('is content for %s', (model) => {
    const text = bodyText(translate(body, { dialect: 'gemini', model }));
    const request: unknown = JSON.parse(text);
    const contents = jsonListAt(request, 'contents');
    expect(jsonAt(contents[0], 'role')).toBe('user');
    for (const [index, content] of contents.entries()) {
      expect(['user', 'model']).toContain(jsonAt(content, 'role'));
      const parts = jsonListAt(content, 'parts');
      expect(parts.length).toBeGreaterThan(0);
      const calls = parts.flatMap((part) => jsonAt(part, 'functionCall') ?? []);
      for (const call of calls) expect(jsonAt(call, 'args')).toBeTypeOf('object');
      if (calls.length === 0) continue;
      const next = jsonListAt(contents[index + 1], 'parts').flatMap((part) => jsonAt(part, 'functionResponse') ?? []);
      expect(next.map((response) => jsonAt(response, 'name'))).toEqual(calls.map((call) => jsonAt(call, 'name')));
      expect(next.map((response) => jsonAt(response, 'id'))).toEqual(calls.map((call) => jsonAt(call, 'id')));
    }
    const declarations = jsonListAt(jsonListAt(request, 'tools')[0], 'functionDeclarations');
    expect(declarations.filter((tool) => jsonAt(tool, 'parametersJsonSchema', 'type') !== 'object')).toEqual([]);
    expect(text).not.toMatch(secretWords);
  });

  test.each(['kimi', 'deepseek', 'ollama', 'llama-cpp'] as const)('is the oldest form of Messages at %s', (profile) => {
    const target = { dialect: 'anthropic', model: 'm', anthropicProfile: profile } as const;
    const text = bodyText(translate(body, target));
    const request: unknown = JSON.parse(text);
    const messages = jsonListAt(request, 'messages');
    expect(messages.length).toBeGreaterThan(0);
    for (const message of messages) {
      expect(['user', 'assistant']).toContain(jsonAt(message, 'role'));
      expect(jsonListAt(message, 'content').length).toBeGreaterThan(0);
    }
    expect(unansweredUses(messages)).toEqual([]);
    for (const tool of jsonListAt(request, 'tools')) {
      expect(Object.keys(Object(tool)).filter((key) => !/^(?:name|description|input_schema)$/u.test(key))).toEqual([]);
    }
    const types = [...text.matchAll(/"thinking":\{"type":"(\w+)"/gu)].map(([, type]) => type);
    expect(types.filter((type) => type !== 'enabled' && type !== 'disabled')).toEqual([]);
    // The effort is the one member that a server of this kind is known to read.
    expect(text.replace(/"output_config":\{"effort":"\w+"\}/u, '')).not.toMatch(secretWords);
  });

  test('goes to Anthropic byte for byte', () => {
    const model = String(jsonAt(JSON.parse(body), 'model'));
    const translation = translate(body, { dialect: 'anthropic', model });
    // Reasoning without a signature came from elsewhere, and Anthropic would refuse it.
    expect(bodyText(translation)).toBe(body.replaceAll(/\{"type":"thinking",[^{}]*"signature":""\},/gu, ''));
    expect(translation.request.warnings).toEqual([]);
  });
});

/** Ids of tool uses that are not answered at the beginning of the next message, in their order. */
function unansweredUses(messages: readonly unknown[]): readonly unknown[] {
  const idsOf = (message: unknown, type: string, key: string): readonly unknown[] =>
    jsonListAt(message, 'content').flatMap((block) => (jsonAt(block, 'type') === type ? [jsonAt(block, key)] : []));
  return messages.flatMap((message, index) => {
    const answers = idsOf(messages[index + 1], 'tool_result', 'tool_use_id');
    return idsOf(message, 'tool_use', 'id').filter((id, position) => id !== answers[position]);
  });
}

/** Ids of calls that are not answered at once and in order. */
function unansweredCalls(messages: readonly unknown[]): readonly unknown[] {
  return messages.flatMap((message, index) => {
    const ids = jsonListAt(message, 'tool_calls').map((call) => jsonAt(call, 'id'));
    const answers = messages.slice(index + 1, index + 1 + ids.length).map((answer) => jsonAt(answer, 'tool_call_id'));
    return ids.filter((id, position) => id !== answers[position]);
  });
}
