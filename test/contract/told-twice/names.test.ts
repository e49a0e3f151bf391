import { describe, expect, test } from 'vitest';
import { parseStream } from '../sse-grammar.ts';
import { bytesOf, playStream, requestWithTools, translate } from '../translate.ts';
import { c, calls, chat, end, fn, ls } from './tell.ts';

/** The calls that a client with the tools Bash and Read gets. */
function called(...chunks: readonly object[]): readonly string[] {
  const frames = [...chunks, end].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
  const { text } = playStream(translate(requestWithTools, chat), [bytesOf(`${frames}data: [DONE]\n\n`)]);
  return parseStream(text).content.flatMap((block) =>
    block.type === 'tool_use' ? [`${block.name} ${block.inputJson}`] : [],
  );
}

const named = (name: string, more: object = {}, args: unknown = '') =>
  c(calls({ index: 0, ...more, ...fn(name, args) }));
const bash = [`Bash ${ls}`];

describe('the name of a call', () => {
  test.each<readonly [string, readonly object[], readonly string[]]>([
    ['comes in two pieces', [named('Ba', { id: 'a' }), named('sh', {}, ls)], bash],
    ['comes in three pieces', [named('B', { id: 'a' }), named('a'), named('sh'), named('', {}, ls)], bash],
    ['comes in pieces with its id', [named('Ba', { id: 'a' }), named('sh', { id: 'a' }, ls)], bash],
    ['comes in pieces without an id', [named('Re'), named('ad', {}, ls)], [`Read ${ls}`]],
    ['comes in two pieces with null for arguments', [named('Ba', { id: 'a' }, null), named('sh', {}, ls)], bash],
    ['comes as the whole so far', [named('Ba', { id: 'a' }), named('Bash', {}, ls)], bash],
    ['comes again', [named('Bash', { id: 'a' }), named('Bash', {}, ls)], bash],
    [
      'is followed by that of another call',
      [named('Bash', { id: 'a' }), named('Read', {}, ls)],
      ['Bash {}', `Read ${ls}`],
    ],
    [
      'is followed by one with another id',
      [named('Ba', { id: 'a' }, ls), named('Read', { id: 'b' }, ls)],
      [`Ba ${ls}`, `Read ${ls}`],
    ],
    ['has arguments before another', [named('Ba', { id: 'a' }, ls), named('sh', {}, ls)], [`Ba ${ls}`, `sh ${ls}`]],
  ])('that %s is that of the call that the model made', (_what, chunks, expected) => {
    expect(called(...chunks)).toEqual(expected);
  });
});
