import { describe, expect, test } from 'vitest';
import { bytesOf, plainRequest, translate } from '../translate.ts';
import { bash, bashInPieces, c, calls, chat, end, fn, ls, stop, tell } from './tell.ts';
import type { Case } from './tell.ts';

const one = (args: unknown, more: object = {}) => c(calls({ index: 0, ...fn(undefined, args), ...more }));
const start = (args: unknown, id: string | undefined = 'a', name = 'Bash') =>
  c(calls({ index: 0, id, ...fn(name, args) }));

describe('several values as the arguments of one call', () => {
  test.each<Case>([
    ['{} first', [start('{}'), one(ls), end], [`Bash ${ls}`]],
    ['{} first, then pieces', [start('{}'), one('{"comm'), one('and":"ls"'), one('}'), end], [`Bash ${ls}`]],
    ['{ } in two pieces first', [start('{ '), one('}'), one(ls), end], [`Bash ${ls}`]],
    ['an empty object as an object', [start({}), one(ls), end], [`Bash ${ls}`]],
    ['null first', [start('null'), one(ls), end], [`Bash ${ls}`]],
    ['"" first', [start('""'), one(ls), end], [`Bash ${ls}`]],
    ['[] first', [start('[]'), one(ls), end], [`Bash ${ls}`]],
    [
      '{} first, with the name and the id on every piece',
      [start('{}'), start('{"command":'), start('"ls"}'), end],
      [`Bash ${ls}`],
    ],
    ['{} first, with the name alone', [start('{}', undefined), start(ls, undefined), end], [`Bash ${ls}`]],
    ['{} and the arguments in one piece', [start(`{}${ls}`), end], [`Bash ${ls}`]],
    [
      '{} of two calls first',
      [
        start('{}'),
        c(calls({ index: 1, id: 'b', ...fn('Read', '{}') })),
        one(ls),
        c(calls({ index: 1, ...fn(undefined, '{"path":"a"}') })),
        end,
      ],
      [`Bash ${ls}`, 'Read {"path":"a"}'],
    ],
    ['{} last', [start(ls), one('{}'), end], [`Bash ${ls}`]],
    ['{} alone', [start('{}'), end], ['Bash {}']],
    ['{} twice', [start('{}'), one('{}'), end], ['Bash {}']],
    ['all once more without an id', [...bashInPieces, one(ls), end], [`Bash ${ls}`]],
    ['all once more in pieces', [...bashInPieces, one('{"command"'), one(':"ls"}'), end], [`Bash ${ls}`]],
    ['all once more in the chunk of their end', [start('{"command":'), one(`"ls"}${ls}`), end], [`Bash ${ls}`]],
    ['all once more with the name', [...bashInPieces, start(ls, undefined), end], [`Bash ${ls}`]],
    ['all once more with the id', [...bashInPieces, start(ls), end], [`Bash ${ls}`]],
    ['all once more, written otherwise', [...bashInPieces, one('{ "command" : "ls" }'), end], [`Bash ${ls}`]],
    [
      'all once more, with the finish reason',
      [...bashInPieces, c(calls({ index: 0, ...fn(undefined, ls) }), stop)],
      [`Bash ${ls}`],
    ],
    ['all once more, twice', [...bashInPieces, one(ls), one(ls), end], [`Bash ${ls}`]],
    [
      'all of two calls once more',
      [
        c(bash),
        c(calls({ index: 1, id: 'b', ...fn('Read', '{"path":"a"}') })),
        one(ls),
        c(calls({ index: 1, ...fn(undefined, '{"path":"a"}') })),
        end,
      ],
      [`Bash ${ls}`, 'Read {"path":"a"}'],
    ],
    [
      'all of two calls once more, without place',
      [
        c(bash),
        c(calls({ index: 1, id: 'b', ...fn('Read', '{"path":"a"}') })),
        c(calls(fn(undefined, ls), fn(undefined, '{"path":"a"}'))),
        end,
      ],
      [`Bash ${ls}`, 'Read {"path":"a"}'],
    ],
    [
      'another call with its own name',
      [start(ls, undefined), start('{"command":"pwd"}', undefined), end],
      [`Bash ${ls}`, 'Bash {"command":"pwd"}'],
    ],
    [
      'another call with its own name, in pieces',
      [start(ls, undefined), start('{"command"', undefined), one(':"pwd"}'), end],
      [`Bash ${ls}`, 'Bash {"command":"pwd"}'],
    ],
    [
      'another call with its own id',
      [start(ls), start('{"command":"pwd"}', 'b'), end],
      [`Bash ${ls}`, 'Bash {"command":"pwd"}'],
    ],
    ['the same call with its own id', [start(ls), start(ls, 'b'), end], [`Bash ${ls}`, `Bash ${ls}`]],
    [
      'one id for two calls',
      [
        start(ls),
        c(calls({ index: 1, id: 'a', ...fn('Bash', '{"command":') })),
        one('', {}),
        c(calls({ index: 1, id: 'a', ...fn(undefined, '"pwd"}') })),
        end,
      ],
      [`Bash ${ls}`, 'Bash {"command":"pwd"}'],
    ],
    ['other arguments that are nobody’s', [start(ls), one('{"command":"pwd"}'), end], []],
    ['half of the arguments once more', [start(ls), one('{"comm'), end], []],
    ['a bracket too many', [start(ls), one('}'), end], []],
    ['arguments without a name', [c(calls({ index: 0, ...fn(undefined, ls) })), end], []],
    [
      'arguments without a name after text',
      [c({ content: 'So' }), c(calls({ index: 0, ...fn(undefined, ls) })), end],
      [],
    ],
  ])('are the call that the model made, or an error: %s', (_name, chunks, expected) => {
    expect(tell(chat, chunks)).toEqual(expected);
  });

  test('do not keep ordinary arguments from streaming as they come', () => {
    const written: string[] = [];
    const stream = translate(plainRequest, chat).reader.stream((frames) => written.push(String(frames)));
    for (const chunk of [start('{"command":"l'), one('s'), one('"}')]) {
      stream.push(bytesOf(`data: ${JSON.stringify(chunk)}\n\n`));
    }
    expect(written).toHaveLength(3);
  });
});
