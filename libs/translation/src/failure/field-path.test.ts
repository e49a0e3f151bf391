import { expect, test } from 'vitest';
import { fieldPath } from './field-path.ts';
import type { Loose } from './loose-json.ts';

test.each<[Loose, string | undefined]>([
  ['chat_template_kwargs', 'chat_template_kwargs'],
  ['body.messages.1.reasoning_content', 'messages[1].reasoning_content'],
  [['body', 'messages', 1, 'assistant', 'reasoning_content'], 'messages[1].reasoning_content'],
  [['body', 'messages', 0, 'content', 2, 'image_url'], 'messages[0].content[2].image_url'],
  ['tools[3].function.description', 'tools[3].function.description'],
  ['$.input.tools', 'tools'],
  ['#/tools/3/function/parameters', 'tools[3].function.parameters'],
  ['/messages/2/content', 'messages[2].content'],
  ["messages[1]['name']", 'messages[1].name'],
  ['request.max_tokens', 'max_tokens'],
  ['parameter.enable_thinking', 'enable_thinking'],
  [['tool_choice', 'function', 'name'], 'tool_choice.function.name'],
  ['messages[1].tool', 'messages[1].tool'],
  ['The messages are too long', undefined],
  ['', undefined],
  ['body', undefined],
  [400, undefined],
  [[], undefined],
])('%j names %s', (stated, path) => {
  expect(fieldPath(stated)).toBe(path);
});
