import { decodeText, isText, readJson } from '@ccg/wire';
import { describe, expect, test } from 'vitest';
import { createWarnings } from '../warnings.ts';
import { mergeTurns, readTurns } from './turns.ts';
import { pairToolResults } from './pair-tool-results.ts';
import { placeSystemTurns } from './place-system-turns.ts';
import type { HistoryBlock } from './history-block.ts';
import type { Turn } from './turns.ts';

const call = (id: string) => ({ type: 'tool_use', id, name: 'Bash', input: {} });
const result = (id: string) => ({ type: 'tool_result', tool_use_id: id, content: id });
const user = (...content: unknown[]) => ({ role: 'user', content: content.length === 1 ? content[0] : content });
const assistant = (...content: unknown[]) => ({ role: 'assistant', content });
const text = (value: string) => ({ type: 'text', text: value });
const system = (value: string, more: object = {}) => ({ role: 'system', content: value, ...more });

function turnsOf(...messages: object[]): Turn[] {
  const read = readJson(JSON.stringify(messages));
  return readTurns(Array.isArray(read) ? read : []);
}

function shown(blocks: readonly HistoryBlock[]): string {
  return blocks.map(({ type, block }) => (isText(block['text']) ? decodeText(block['text']) : type)).join(' | ');
}

function outline(turns: readonly Turn[]): string[] {
  return turns.map(({ role, blocks }) => `${role}: ${shown(blocks)}`);
}

test('a string and a list with one text are the same turn', () => {
  expect(outline(turnsOf(user('Hi')))).toEqual(outline(turnsOf({ role: 'user', content: [text('Hi')] })));
});

describe('instructions between turns', () => {
  const history = () =>
    turnsOf(user('Go'), system('A'), assistant(call('1')), system('B'), user([result('1')]), system('C'));

  test('stay where they are, but never between a call and its result', () => {
    expect(outline(placeSystemTurns(history(), 'in-place', createWarnings()))).toEqual([
      'user: Go',
      'system: A',
      'assistant: tool_use',
      'user: tool_result',
      'system: B',
      'system: C',
    ]);
  });

  test('become reminders at the end of the user turn before them', () => {
    expect(outline(placeSystemTurns(history(), 'reminder', createWarnings()))).toEqual([
      'user: Go | <system-reminder>\nA\n</system-reminder>',
      'assistant: tool_use',
      'user: tool_result | <system-reminder>\nB\n</system-reminder> | <system-reminder>\nC\n</system-reminder>',
    ]);
  });

  test('become a user turn after an assistant turn and at the start', () => {
    const turns = turnsOf(system('A'), user('Go'), assistant(text('Ok')), system('B'));
    expect(outline(mergeTurns(placeSystemTurns(turns, 'reminder', createWarnings())))).toEqual([
      'user: <system-reminder>\nA\n</system-reminder> | Go',
      'assistant: Ok',
      'user: <system-reminder>\nB\n</system-reminder>',
    ]);
  });

  test('end with the next user turn when they say so, and may be settings alone', () => {
    const turns = turnsOf(
      user('a'),
      system('gone', { clear_at: 'next_user_message' }),
      { role: 'system' },
      user('b'),
      system('kept', { clear_at: 'next_user_message' }),
    );
    expect(outline(mergeTurns(placeSystemTurns(turns, 'in-place', createWarnings())))).toEqual([
      'user: a | b',
      'system: kept',
    ]);
  });

  test('lose what is no text, with a warning', () => {
    const warnings = createWarnings();
    const turns = turnsOf(user('a'), { role: 'system', content: [{ type: 'image', source: {} }, text('b')] });
    expect(outline(placeSystemTurns(turns, 'in-place', warnings))).toEqual(['user: a', 'system: b']);
    expect(warnings.list()).toMatchObject([{ field: 'messages.1.content.0', code: 'unsupported' }]);
  });
});

test('turns that were read stay as they were when they are joined', () => {
  const turns = turnsOf(user('a'), system('b'), user('c'), assistant(text('d')), assistant(text('e')));
  const joined = mergeTurns(placeSystemTurns(turns, 'reminder', createWarnings()));
  expect(outline(joined)).toEqual(['user: a | <system-reminder>\nb\n</system-reminder> | c', 'assistant: d | e']);
  expect(outline(turns)).toEqual(['user: a', 'system: b', 'user: c', 'assistant: d', 'assistant: e']);
});

describe('calls and results', () => {
  function steps(...messages: object[]): string[] {
    return pairToolResults(mergeTurns(turnsOf(...messages)), createWarnings()).map((step) => {
      if (step.kind === 'results') {
        return `results: ${step.results.map(({ call: { key }, result: found }) => `${key}=${found === undefined ? 'none' : 'some'}`).join(' ')}`;
      }
      const calls = step.kind === 'assistant' ? step.calls.map(({ key }) => ` +${key}`).join('') : '';
      return `${step.kind}: ${shown(step.blocks)}${calls}`;
    });
  }

  test('are paired in the order of the calls, with the text after them', () => {
    expect(
      steps(assistant(text('Look'), call('1'), call('2')), user(text('first'), result('2'), result('1'), text('last'))),
    ).toEqual(['assistant: Look +1 +2', 'results: 1=some 2=some', 'user: first | last']);
  });

  test('are completed where the client has no result', () => {
    expect(steps(assistant(call('1')), assistant(call('2')), user('Never mind'), assistant(call('3')))).toEqual([
      'assistant:  +1 +2',
      'results: 1=none 2=none',
      'user: Never mind',
      'assistant:  +3',
      'results: 3=none',
    ]);
  });

  test.each([
    [
      'in turns of their own',
      [assistant(call('1')), user([result('1')]), assistant(call('1')), user([result('1')])],
      [1, 3],
    ],
    [
      'of which the first was interrupted',
      [assistant(call('1')), user('No'), assistant(call('1')), user([result('1')])],
      [undefined, 3],
    ],
    ['in neighbouring messages', [assistant(call('1')), assistant(call('1')), user(result('1'), result('1'))], [2, 2]],
    [
      'in neighbouring messages, with one result',
      [assistant(call('1')), assistant(call('1')), user([result('1')])],
      [undefined, 2],
    ],
  ])('with one id are kept apart: %s', (_where, messages, answered) => {
    const warnings = createWarnings();
    const paired = pairToolResults(mergeTurns(turnsOf(...messages)), warnings);
    const results = paired.flatMap((step) => (step.kind === 'results' ? step.results : []));
    expect(results.map(({ call: { repeat, block } }) => [repeat, block.path()])).toEqual([
      [0, 'messages.0.content.0'],
      [1, expect.stringMatching(/^messages\.[12]\.content\.0$/u)],
    ]);
    expect(results.map(({ result: found }) => found && Number(found.path().split('.')[1]))).toEqual(answered);
    expect(warnings.list()).toHaveLength(1);
  });

  test.each([[[1, 2]], [[1, 2, 3]]])(
    'with one id in one message are kept apart if each has its result: %j',
    (order) => {
      const calls = order.map(() => call('1'));
      const own = order.map(() => result('1'));
      const warnings = createWarnings();
      const paired = pairToolResults(mergeTurns(turnsOf(assistant(...calls), user(...own))), warnings);
      const results = paired.flatMap((step) => (step.kind === 'results' ? step.results : []));
      expect(
        results.map(({ call: { repeat, block }, result: found }) => [repeat, block.path(), found?.path()]),
      ).toEqual(order.map((_, at) => [at, `messages.0.content.${at}`, `messages.1.content.${at}`]));
      expect(warnings.list()).toHaveLength(1);
    },
  );

  test('with one id in one message, of which some have no result, are all told', () => {
    const messages = [assistant(call('1'), call('1'), call('1')), user(result('1'), result('1'))];
    const paired = pairToolResults(mergeTurns(turnsOf(...messages)), createWarnings());
    const results = paired.flatMap((step) => (step.kind === 'results' ? step.results : []));
    expect(results.map(({ result: found }) => found?.path())).toEqual([
      'messages.1.content.0',
      'messages.1.content.1',
      undefined,
    ]);
  });

  test('with one id in one message are one if only the first has a result', () => {
    expect(steps(assistant(call('1'), call('1')), user([result('1')]))).toEqual(['assistant:  +1', 'results: 1=some']);
  });

  test('are not paired over a turn, and a result without a call stays with the user', () => {
    expect(
      steps(
        user(result('0'), text('a')),
        assistant(call('1')),
        user('b'),
        assistant(text('c')),
        user(result('1'), text('d')),
      ),
    ).toEqual([
      'user: tool_result | a',
      'assistant:  +1',
      'results: 1=none',
      'user: b',
      'assistant: c',
      'user: tool_result | d',
    ]);
  });
});
