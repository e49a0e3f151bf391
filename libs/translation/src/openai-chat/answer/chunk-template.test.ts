import fc from 'fast-check';
import { isJsonObject, readJson } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { describe, expect, test } from 'vitest';
import { learnTemplate, matchTemplate } from './chunk-template.ts';

const chunk = (delta: object, more: object = {}) =>
  JSON.stringify({ id: 'content', choices: [{ index: 0, delta, finish_reason: null, ...more }], usage: null });

function parsed(data: string): JsonObject {
  const value = readJson(data);
  if (!isJsonObject(value)) throw new Error('no object');
  return value;
}

function learn(data: string) {
  return learnTemplate(data, parsed(data));
}

describe('a template', () => {
  test('is not made where the text also stands between two members', () => {
    expect(learn(chunk({ role: 'assistant', content: ',' }))).toBeUndefined();
  });

  test('recognises the chunks that differ in their text alone, and gives the text as it came', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary-ascii', minLength: 1 }).filter((text) => text !== ',' && text !== ':'),
        fc.string({ unit: 'binary-ascii' }),
        (first, next) => {
          const template = learn(chunk({ role: 'assistant', content: first }));
          if (template === undefined) throw new Error('not learned');
          expect(template.field).toBe('content');
          const data = chunk({ role: 'assistant', content: next });
          expect(matchTemplate(template, data)).toBe(JSON.stringify(next).slice(1, -1));
        },
      ),
    );
  });

  test.each(['reasoning_content', 'reasoning'])('knows reasoning by the member %s', (field) => {
    const template = learn(chunk({ content: '', [field]: 'Hm', tool_calls: null }));
    expect(template?.field).toBe(field);
  });

  test.each([
    ['a finish reason', chunk({ content: 'Hi' }, { finish_reason: 'stop' })],
    ['a tool call', chunk({ content: 'Hi', tool_calls: [{ index: 0 }] })],
    ['reasoning beside text', chunk({ content: 'Hi', reasoning: 'Hm' })],
    ['no text', chunk({ content: '' })],
    ['usage', JSON.stringify({ choices: [{ delta: { content: 'Hi' } }], usage: { prompt_tokens: 1 } })],
    ['two choices', JSON.stringify({ choices: [{ delta: { content: 'Hi' } }, { delta: { content: 'Ho' } }] })],
  ])('is not made of a chunk with %s', (_what, data) => {
    expect(learn(data)).toBeUndefined();
  });

  test('is not made where the text is not the one that is read', () => {
    const twice = '{"choices":[{"delta":{"content":"Hi","content":"Hi"},"finish_reason":null}]}';
    const template = learn(twice);
    expect(template === undefined ? undefined : matchTemplate(template, twice)).not.toBe('"Hi","content":"Hi');
  });

  test.each(['a"b', 'a\\', 'a\\x', 'a\\u12', 'a\nb', 'a\u0000', '","x":"'])(
    'does not take %j for a text',
    (content) => {
      const template = learn(chunk({ content: 'Hi' }));
      if (template === undefined) throw new Error('not learned');
      expect(matchTemplate(template, template.head + content + template.tail)).toBeUndefined();
    },
  );
});
