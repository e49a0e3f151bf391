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
const pwd = call({ args: { command: 'pwd' } });
const pwdInput = '{"command":"pwd"}';
const look = { text: 'Let me look at it.' };
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
    ['one id twice', [parts([call({ id: 'a' })]), parts([call({ id: 'a' })]), end], [`Bash ${ls}`]],
    ['one id twice in one chunk', [parts([call({ id: 'a' }), call({ id: 'a' })], stop)], [`Bash ${ls}`]],
    [
      'one id twice, the second with the reason',
      [parts([call({ id: 'a' })]), parts([call({ id: 'a' })], stop)],
      [`Bash ${ls}`],
    ],
    [
      'one id twice, after text',
      [text('So'), parts([call({ id: 'a' })]), text('.'), parts([call({ id: 'a' })]), end],
      ['text: So', `Bash ${ls}`, 'text: .'],
    ],
    ['a call in the last chunk again', [parts([call()]), parts([call()], stop)], [`Bash ${ls}`]],
    [
      'a call in front of the next one',
      [parts([call()]), parts([call(), pwd]), end],
      [`Bash ${ls}`, `Bash ${pwdInput}`],
    ],
    [
      'all in the last chunk',
      [text('Hello '), text('world'), parts([call()]), parts([{ text: 'Hello world' }, call()], stop)],
      ['text: Hello world', `Bash ${ls}`],
    ],
    [
      'text and calls so far',
      [parts([look]), parts([look, call()]), parts([look, call(), pwd]), end],
      ['text: Let me look at it.', `Bash ${ls}`, `Bash ${pwdInput}`],
    ],
    [
      'text that grows, and then calls',
      [
        text('Hello, I'),
        text('Hello, I will look at it'),
        parts([{ text: 'Hello, I will look at it' }, call()]),
        parts([{ text: 'Hello, I will look at it' }, call(), pwd], stop),
      ],
      ['text: Hello, I will look at it', `Bash ${ls}`, `Bash ${pwdInput}`],
    ],
    [
      'the same call in two chunks, with other text between',
      [parts([call()]), text('Again:'), parts([call()]), end],
      [`Bash ${ls}`, 'text: Again:', `Bash ${ls}`],
    ],
    [
      'the same call in two chunks, which may be two',
      [parts([call()]), parts([call()]), end],
      [`Bash ${ls}`, `Bash ${ls}`],
    ],
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
