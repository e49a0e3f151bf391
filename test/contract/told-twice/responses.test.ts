import { describe, expect, test } from 'vitest';
import { ls, tellStream } from './tell.ts';

const event = (type: string, rest: object) =>
  `event: response.${type}\ndata: ${JSON.stringify({ type: `response.${type}`, ...rest })}\n\n`;
const call = { type: 'function_call', id: 'f1', call_id: 'c1', name: 'Bash' };
const added = (index = 0) => event('output_item.added', { output_index: index, item: { ...call, arguments: '' } });
const input = (delta: string, index = 0) =>
  event('function_call_arguments.delta', { item_id: 'f1', output_index: index, delta });
const message = event('output_item.added', { output_index: 0, item: { type: 'message', id: 'm1', content: [] } });
const at = { item_id: 'm1', output_index: 0, content_index: 0 };
const text = (delta: string) => event('output_text.delta', { ...at, delta });
const whole = (output: unknown = []) => event('completed', { response: { status: 'completed', output } });
const one = [`Bash ${ls}`];

/** What a client gets to see; nothing where the stream ends with an error. */
function told(...events: readonly string[]): readonly string[] {
  return tellStream({ dialect: 'openai-responses', model: 'm' }, events.join(''));
}

describe('deltas of the Responses API that are the text so far', () => {
  const so = 'Let me look at the files';
  const begins = event('content_part.added', { ...at, part: { type: 'output_text', text: '' } });
  const ended = event('output_text.done', { ...at, text: `${so}, and then` });
  const texts = [text('Let me look'), text(so), text(`${so}, and then`)];
  const summary = (delta: string) =>
    event('reasoning_summary_text.delta', { item_id: 'r1', output_index: 0, summary_index: 0, delta });
  const other = event('output_item.added', { output_index: 1, item: { type: 'message', id: 'm2', content: [] } });
  const otherText = (delta: string) => event('output_text.delta', { ...at, item_id: 'm2', output_index: 1, delta });

  test.each<readonly [string, readonly string[], readonly string[]]>([
    ['with no end of their own', [message, ...texts, whole()], [`text: ${so}, and then`]],
    ['with an end', [message, begins, ...texts, ended, whole()], [`text: ${so}, and then`]],
    ['with an end after two of them', [message, ...texts.slice(0, 2), ended, whole()], [`text: ${so}, and then`]],
    ['before a call', [message, ...texts, added(1), input(ls, 1), whole()], [`text: ${so}, and then`, ...one]],
    [
      'before another message',
      [message, ...texts, other, otherText('Now'), otherText(' I know'), whole()],
      [`text: ${so}, and then\n\nNow I know`],
    ],
  ])('are told once, %s', (_what, events, expected) => {
    expect(told(...events)).toEqual(expected);
  });

  test('are told once where they are reasoning', () => {
    const stream = [summary('Let me look'), summary(so), summary(`${so}, and then`), message, text('So'), whole()];
    expect(told(...stream)).toEqual([`thinking: ${so}, and then`, 'text: So']);
  });

  test.each([[['ha', 'ha', 'ha']], [['- a\n', '- a\n- b\n']], [['Hello', 'Hello']]])(
    'are none in a text that repeats itself: %j',
    (pieces) => {
      expect(told(message, ...pieces.map(text), whole())).toEqual([`text: ${pieces.join('')}`]);
    },
  );
});

/** Numbers the events, except those that have a number. */
function numbered(...events: readonly (string | readonly [number, string])[]): string[] {
  let next = 0;
  return events.map((given) => {
    const [number, frame] = typeof given === 'string' ? [next, given] : given;
    next = number + 1;
    return frame.replace(/\}\n\n$/u, `,"sequence_number":${number}}\n\n`);
  });
}

describe('a stream of the Responses API whose events are numbered', () => {
  const created = event('created', { response: { status: 'in_progress', output: [] } });
  const rest = [input('{"command":'), input('"ls"}')] as const;
  const safe = [message, text('It is '), text('safe')] as const;
  const said = [
    { type: 'message', id: 'm1', role: 'assistant', content: [{ type: 'output_text', text: 'It is safe' }] },
  ];
  const textDone = event('output_text.done', { ...at, text: 'It is safe' });

  test.each<readonly [string, readonly string[], readonly string[]]>([
    [
      'a text delta twice',
      numbered(created, ...safe.slice(0, 2), [2, text('It is ')], text('safe'), whole()),
      ['text: It is safe'],
    ],
    [
      'many deltas twice',
      numbered(
        created,
        message,
        text('It '),
        text('is '),
        text('sa'),
        [2, text('It ')],
        text('is '),
        text('sa'),
        text('fe'),
        whole(),
      ),
      ['text: It is safe'],
    ],
    ['a piece of a call twice', numbered(created, added(), rest[0], [2, rest[0]], rest[1], whole()), one],
    ['all from the beginning twice', numbered(created, added(), ...rest, [0, created], added(), ...rest, whole()), one],
  ])('tells its answer once: %s', (_what, events, expected) => {
    expect(told(...events)).toEqual(expected);
  });

  test.each<readonly [string, readonly string[]]>([
    ['in a call', numbered(created, added(), rest[0], [5, rest[1]], whole())],
    ['in a text', numbered(created, message, text('It is '), [5, text('safe')], whole())],
    [
      'in a text that has its own end before',
      numbered(created, message, text('It is safe'), textDone, [9, text('!')], whole()),
    ],
    [
      'in an answer that lists another part alone',
      numbered(
        created,
        ...safe,
        [9, added(1)],
        ...rest.map((piece) => piece.replace('"output_index":0', '"output_index":1')),
        whole(said),
      ),
    ],
    ['at its end', numbered(created, ...safe, [9, whole()])],
    [
      'in an answer that was cut by its limit',
      numbered(
        created,
        message,
        text('It is '),
        [5, text('safe')],
        event('incomplete', { response: { status: 'incomplete', output: [] } }),
      ),
    ],
  ])('is no success where a number is missing %s', (_what, events) => {
    expect(told(...events)).toEqual([]);
  });

  test.each<readonly [string, readonly string[], readonly string[]]>([
    [
      'all of it is told once more',
      numbered(created, message, text('It is '), [5, text('safe')], whole(said)),
      ['text: It is safe'],
    ],
    [
      'the call is told once more',
      numbered(created, added(), rest[0], [5, rest[1]], whole([{ ...call, arguments: ls }])),
      one,
    ],
  ])('may lack a number where %s', (_what, events, expected) => {
    expect(told(...events)).toEqual(expected);
  });

  test.each<readonly [string, readonly string[]]>([
    [
      'are all the same',
      numbered(...[created, ...safe, text('!'), text('!'), whole()].map((frame) => [0, frame] as const)),
    ],
    [
      'are the same for the deltas',
      numbered(
        created,
        [1, message],
        [2, text('It is ')],
        [2, text('safe')],
        [2, text('!')],
        [2, text('!')],
        [3, whole()],
      ),
    ],
    [
      'go in steps of two',
      numbered(
        [0, created],
        [2, message],
        [4, text('It is ')],
        [6, text('safe')],
        [8, text('!')],
        [10, text('!')],
        [12, whole()],
      ),
    ],
    [
      'begin anew',
      numbered(created, message, text('It is '), [0, text('safe')], [0, text('!')], [0, text('!')], whole()),
    ],
    [
      'are those of some events alone',
      [...numbered(created, message), text('It is '), text('safe'), text('!'), text('!'), ...numbered(whole())],
    ],
  ])('is read without its numbers where they %s', (_what, events) => {
    expect(told(...events)).toEqual(['text: It is safe!!']);
  });
});
