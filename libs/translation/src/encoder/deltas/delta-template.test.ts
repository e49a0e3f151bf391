import fc from 'fast-check';
import { isJsonObject, readJson } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { describe, expect, test } from 'vitest';
import { geminiDelta } from '../../gemini/answer/delta-form.ts';
import { ollamaDelta } from '../../ollama/answer/delta-form.ts';
import { chatDelta } from '../../openai-chat/answer/delta-form.ts';
import { responsesDelta } from '../../openai-responses/answer/delta-form.ts';
import { matchDelta } from './delta-template.ts';
import { learnDelta } from './learn-delta.ts';
import type { DeltaForm } from './learn-delta.ts';

const chunk = (delta: object, more: object = {}) =>
  JSON.stringify({ id: 'content', choices: [{ index: 0, delta, finish_reason: null, ...more }], usage: null });

function parsed(data: string): JsonObject {
  const value = readJson(data);
  if (!isJsonObject(value)) throw new Error('no object');
  return value;
}

function learnAs<Kind>(form: DeltaForm<Kind>, data: string) {
  const delta = form.read(parsed(data));
  return delta === undefined ? undefined : learnDelta(form, data, delta);
}

function learn(data: string) {
  return learnAs(chatDelta, data);
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
          const data = chunk({ role: 'assistant', content: next });
          expect(matchDelta(template, data)).toBe(JSON.stringify(next).slice(1, -1));
        },
      ),
    );
  });

  test.each(['reasoning_content', 'reasoning'])('knows reasoning by the member %s', (field) => {
    const data = chunk({ content: '', [field]: 'Hm', tool_calls: null });
    expect(chatDelta.read(parsed(data))).toEqual({ kind: field, member: field, literal: 'Hm' });
    expect(learn(data)).toBeDefined();
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
    expect(template === undefined ? undefined : matchDelta(template, twice)).not.toBe('"Hi","content":"Hi');
  });

  test.each(['a"b', 'a\\', 'a\\x', 'a\\u12', 'a\nb', 'a\u0000', '","x":"'])(
    'does not take %j for a text',
    (content) => {
      const [head = '', tail = ''] = chunk({ content: 'Hi' }).split('Hi');
      const template = learn(`${head}Hi${tail}`);
      if (template === undefined) throw new Error('not learned');
      expect(matchDelta(template, `${head}Ho${tail}`)).toBe('Ho');
      expect(matchDelta(template, head + content + tail)).toBeUndefined();
    },
  );
});

const responses = (delta: string, number: number | string, padding: string, id = 'a') =>
  `{"type":"response.output_text.delta","delta":${JSON.stringify(delta)},"item_id":"${id}","obfuscation":"${padding}","sequence_number":${number}}`;
const gemini = (text: string, count: number | string, more = '') =>
  `{"candidates": [{"content": {"parts": [{"text": ${JSON.stringify(text)}${more}}]}}],"usageMetadata": {"promptTokenCount": 3,"candidatesTokenCount": ${count},"totalTokenCount": 99}}`;
const ollama = (content: string, time: string) =>
  `{"created_at":"${time}","message":{"role":"assistant","content":${JSON.stringify(content)}},"done":false}`;

describe('members that differ from delta to delta', () => {
  test.each([
    ['number and padding of Responses', responsesDelta, responses('One', 7, 'aB3'), responses(' "two"', 123, 'k')],
    ['no padding', responsesDelta, responses('One', 7, 'aB3'), responses('', 0, '')],
    [
      'the time of a line of Ollama',
      ollamaDelta,
      ollama('One', '2026-11-28T02:30:11.1Z'),
      ollama('zwölf', '2026-11-28T02:30:11.2417Z'),
    ],
    ['counts of Gemini', geminiDelta, gemini('One', 1), gemini('two', 1234)],
  ] as const)('are no hindrance: %s', (_what, form: DeltaForm<unknown>, first, next) => {
    const template = learnAs(form, byteString(first));
    if (template === undefined) throw new Error('not learned');
    const { literal } = form.read(parsed(byteString(next))) ?? {};
    expect(matchDelta(template, byteString(next))).toBe(literal);
  });

  test('are read where they count', () => {
    const template = learnAs(geminiDelta, gemini('One', 1));
    if (template === undefined) throw new Error('not learned');
    matchDelta(template, gemini('two', 1234));
    expect(template.slots.find(({ count }) => count === 'candidatesTokenCount')?.latest).toBe(1234);
  });

  test.each([
    ['a number with a zero before it', responses('two', '08', 'k')],
    ['a number with a fraction', responses('two', '8.5', 'k')],
    ['a number below zero', responses('two', '-8', 'k')],
    ['a number that is not exact', responses('two', '12345678901234567890', 'k')],
    ['no number', responses('two', '', 'k')],
    ['padding with an escape', responses('two', 8, '\\n')],
    ['padding that is cut', responses('two', 8, 'k').replace('k"', 'k')],
    ['another item', responses('two', 8, 'k', 'b')],
    ['another member', responses('two', 8, 'k').replace('}', ',"logprobs":[1]}')],
    ['the rest cut', responses('two', 8, 'k').slice(0, -1)],
  ])('make a delta one to be parsed where they are of another form: %s', (_what, data) => {
    const template = learnAs(responsesDelta, responses('One', 7, 'aB3'));
    if (template === undefined) throw new Error('not learned');
    expect(matchDelta(template, data)).toBeUndefined();
  });

  test.each([
    [
      'a text that stands in two places',
      responsesDelta,
      '{"type":"response.output_text.delta","delta":"One","delta":"One"}',
    ],
    ['a count that is told twice', geminiDelta, gemini('One', '1,"candidatesTokenCount": 1')],
    ['a signature beside the text', geminiDelta, gemini('One', 1, ',"thoughtSignature": "abcd"')],
    ['the last line', ollamaDelta, ollama('One', 'now').replace('false', 'true')],
  ] as const)('are not looked for in a delta with %s', (_what, form: DeltaForm<unknown>, data) => {
    expect(learnAs(form, data)).toBeUndefined();
  });
});

function byteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
