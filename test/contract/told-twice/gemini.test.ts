import { describe, expect, test } from 'vitest';
import { ls, tell } from './tell.ts';
import type { Case } from './tell.ts';

const gemini = { dialect: 'gemini', model: 'm' } as const;
const parts = (list: readonly object[], more: object = {}) => ({
  candidates: [{ content: { role: 'model', parts: list }, index: 0, ...more }],
});
const text = (literal: string, more: object = {}) => parts([{ text: literal }], more);
const thought = (literal: string) => parts([{ text: literal, thought: true }]);
const call = (more: object = {}) => ({ functionCall: { name: 'Bash', args: { command: 'ls' }, ...more } });
const stop = { finishReason: 'STOP' };
const end = parts([], stop);

describe('an answer of Gemini that repeats itself', () => {
  test.each<Case>([
    ['calls of two ids', [parts([call({ id: 'a' })]), parts([call({ id: 'b' })]), end], [`Bash ${ls}`, `Bash ${ls}`]],
    [
      'another call with the same id',
      [parts([call({ id: 'a' })]), parts([call({ id: 'a', args: { command: 'pwd' } })]), end],
      [`Bash ${ls}`, 'Bash {"command":"pwd"}'],
    ],
    ['calls without ids in one chunk', [parts([call(), call()], stop)], [`Bash ${ls}`, `Bash ${ls}`]],
    [
      'all of the text in the last chunk',
      [text('Hello '), text('world'), text('Hello world', stop)],
      ['text: Hello world'],
    ],
    [
      'the text so far',
      [text('Hello'), text('Hello world'), text('Hello world, again'), end],
      ['text: Hello world, again'],
    ],
    [
      'the thoughts so far',
      [thought('Hmm, I see'), thought('Hmm, I see it is'), thought('Hmm, I see it is a test'), text('Yes'), end],
      ['thinking: Hmm, I see it is a test', 'text: Yes'],
    ],
  ])('with %s is told once', (_what, chunks, expected) => {
    expect(tell(gemini, chunks)).toEqual(expected);
  });

  test.each([
    ['ha', 'ha', 'ha'],
    ['- a\n', '- a\n- b\n', '- c\n'],
    ['0', '00', '000'],
    ['no ', 'no ', 'no'],
    ['x = 1\n', 'x = 1\n'],
  ])('keeps a text that repeats itself: %j', (...pieces) => {
    expect(tell(gemini, [...pieces.map((piece) => text(piece)), end])).toEqual([`text: ${pieces.join('')}`]);
  });
});
