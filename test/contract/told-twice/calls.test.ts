import { describe, expect, test } from 'vitest';
import { bytesOf, plainRequest, translate } from '../translate.ts';
import { bash, bashInPieces, c, calls, chat, end, fn, ls, stop, tell, tellStream } from './tell.ts';
import type { Case } from './tell.ts';

const one = (args: unknown, more: object = {}) => c(calls({ index: 0, ...fn(undefined, args), ...more }));
const start = (args: unknown, id: string | undefined = 'a', name = 'Bash') =>
  c(calls({ index: 0, id, ...fn(name, args) }));

const two = (id: string, index: number, args: string, name = 'Bash') => c(calls({ index, id, ...fn(name, args) }));

describe('the ids of calls', () => {
  test.each<Case>([
    ['a call once more under another index', [start(ls), two('a', 1, ls), end], [`Bash ${ls}`]],
    ['a call once more, in pieces', [start(ls), two('a', 1, '{"comm'), two('a', 1, 'and":"ls"}'), end], [`Bash ${ls}`]],
    ['a call once more, written otherwise', [start(ls), two('a', 1, '{ "command": "ls" }'), end], [`Bash ${ls}`]],
    [
      'a call once more, after another one',
      [start(ls), two('b', 1, '{"path":"a"}', 'Read'), two('a', 2, ls), end],
      [`Bash ${ls}`, 'Read {"path":"a"}'],
    ],
    ['a call without arguments once more', [start('{}'), two('a', 1, ''), end], ['Bash {}']],
    ['the same call with an id of its own', [start(ls), two('b', 1, ls), end], [`Bash ${ls}`, `Bash ${ls}`]],
    ['one id, another tool', [start(ls), two('a', 1, ls, 'Read'), end], [`Bash ${ls}`, `Read ${ls}`]],
    [
      'one id for three calls',
      [start(ls), two('a', 1, '{"command":"pwd"}'), two('a', 2, '{"command":"id"}'), end],
      [`Bash ${ls}`, 'Bash {"command":"pwd"}', 'Bash {"command":"id"}'],
    ],
    ['no id at all', [start(ls, undefined), two('', 1, ls), end], [`Bash ${ls}`, `Bash ${ls}`]],
    [
      'a new id for every piece',
      [start('{"comm'), c(calls({ index: 0, id: 'b', ...fn(undefined, 'and":') })), one('"ls"}', { id: 'c' }), end],
      [`Bash ${ls}`],
    ],
    [
      'a new id for every piece, and the name with each',
      [start('{"comm'), start('and":', 'b'), start('"ls', 'c'), start('"}', 'd'), end],
      [`Bash ${ls}`],
    ],
    [
      'a new id for every piece of two calls',
      [
        start('{"comm'),
        one('and":"ls"}', { id: 'b' }),
        two('c', 1, '{"path"', 'Read'),
        c(calls({ index: 1, id: 'd', ...fn(undefined, ':"a"}') })),
        end,
      ],
      [`Bash ${ls}`, 'Read {"path":"a"}'],
    ],
    ['another call under the index of one that never ended', [start('{"comm'), start(ls, 'b'), end], []],
    [
      'another call under the index of one that ended',
      [start(ls), start('{}', 'b', 'Read'), end],
      [`Bash ${ls}`, 'Read {}'],
    ],
  ])('are the call that the model made, or an error: %s', (_name, chunks, expected) => {
    expect(tell(chat, chunks)).toEqual(expected);
  });

  test.each([
    [
      'chat completions',
      chat,
      { choices: [{ message: { tool_calls: [0, 1].map(() => ({ id: 'a', ...fn('Bash', ls) })) }, ...stop }] },
    ],
    [
      'the Responses API',
      { dialect: 'openai-responses', model: 'gpt-5.4', profile: 'openai' },
      {
        status: 'completed',
        output: [0, 1].map(() => ({ type: 'function_call', call_id: 'a', name: 'Bash', arguments: ls })),
      },
    ],
    [
      'Ollama',
      { dialect: 'ollama', model: 'm' },
      { message: { tool_calls: [0, 1].map(() => ({ id: 'a', ...fn('Bash', { command: 'ls' }) })) }, done: true },
    ],
    [
      'an Anthropic-compatible server',
      { dialect: 'anthropic', model: 'm', anthropicProfile: 'deepseek' },
      {
        type: 'message',
        content: [0, 1].map(() => ({ type: 'tool_use', id: 'a', name: 'Bash', input: { command: 'ls' } })),
        stop_reason: 'tool_use',
      },
    ],
  ] as const)('are one call where a whole answer of %s has it twice', (_name, target, document) => {
    expect(tellStream(target, JSON.stringify(document))).toEqual([`Bash ${ls}`]);
  });
});

test.each<Case>([
  ['alone', [start('')], []],
  ['after text', [c({ content: 'So' }), start('')], []],
  ['after another call', [start(ls), two('b', 1, '', 'Read')], []],
  [
    'after another call, without any piece',
    [start(ls), c(calls({ index: 1, id: 'b', function: { name: 'Read' } }))],
    [],
  ],
  ['with a finish reason after it', [start(''), end], ['Bash {}']],
])(
  'a call of which the name alone came is not made where no finish reason says that it is whole: %s',
  (_name, chunks, expected) => {
    expect(tell(chat, chunks)).toEqual(expected);
  },
);

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
    [
      'two calls by turns, whose numbers are texts',
      [
        c(calls({ index: '0', id: 'a', ...fn('Bash', '{"comm') })),
        c(calls({ index: '1', id: 'b', ...fn('Read', '{"pa') })),
        c(calls({ index: '0', ...fn(undefined, 'and":"ls"}') })),
        c(calls({ index: '1', ...fn(undefined, 'th":"a"}') })),
        end,
      ],
      [`Bash ${ls}`, 'Read {"path":"a"}'],
    ],
    ['[] alone', [start('[]'), end], ['Bash {}']],
    ['[] alone, as a list', [start([]), end], ['Bash {}']],
    ['[ ] in two pieces', [start('[ '), one(']'), end], ['Bash {}']],
    ['[] in quotes', [start('"[]"'), end], ['Bash {}']],
    ['a list of arguments', [start('[{"command":"ls"}]'), end], []],
    ['all so far', [start('{"comm'), one(ls), end], [`Bash ${ls}`]],
    ['all so far, from the first bracket on', [start('{'), one('{"command"'), one(ls), end], [`Bash ${ls}`]],
    ['all so far, in many pieces', [start('{"c'), one('{"comm'), one('{"command":"l'), one(ls), end], [`Bash ${ls}`]],
    ['all so far, with the name and the id', [start('{"c'), start('{"comm'), start(ls), end], [`Bash ${ls}`]],
    ['all so far, without place', [c(calls(fn('Bash', '{"comm'))), c(calls(fn('Bash', ls))), end], [`Bash ${ls}`]],
    ['all so far, the last twice', [start('{"comm'), one(ls), one(ls), end], [`Bash ${ls}`]],
    [
      'all so far, the last with the finish reason',
      [start('{"c'), c(calls({ index: 0, ...fn(undefined, ls) }), stop)],
      [`Bash ${ls}`],
    ],
    ['all so far, after {}', [start('{}'), one('{"comm'), one(ls), end], [`Bash ${ls}`]],
    [
      'all so far, of two calls',
      [
        start('{"comm'),
        one(ls),
        c(calls({ index: 1, id: 'b', ...fn('Read', '{"pa') })),
        c(calls({ index: 1, ...fn(undefined, '{"path":"a"}') })),
        end,
      ],
      [`Bash ${ls}`, 'Read {"path":"a"}'],
    ],
    [
      'all so far, of two calls by turns',
      [
        start('{"comm'),
        c(calls({ index: 1, id: 'b', ...fn('Read', '{"pa') })),
        one(ls),
        c(calls({ index: 1, ...fn(undefined, '{"path":"a"}') })),
        end,
      ],
      [`Bash ${ls}`, 'Read {"path":"a"}'],
    ],
    ['all so far, but never to the end', [start('{"c'), one('{"comm'), one('{"command":'), end], []],
    ['all so far, and a hole', [start('{"c'), one('{"comm'), one('and":"ls"}'), end], []],
    ['an object in an object that is alike', [start('{"a":'), one('{"a":1}'), one('}'), end], ['Bash {"a":{"a":1}}']],
    [
      'an object in an object that is alike, at the end',
      [start('{"a":'), one('{"a":{"a":1}}}'), end],
      ['Bash {"a":{"a":{"a":1}}}'],
    ],
    ['a text that is alike', [start('{"'), one('{"'), one(':1}'), end], ['Bash {"{":1}']],
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

  test('are the arguments if they are all so far, on an Anthropic-compatible server', () => {
    const compatible = { dialect: 'anthropic', model: 'm', anthropicProfile: 'deepseek' } as const;
    const delta = (partial_json: string) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'input_json_delta', partial_json },
    });
    const told = tell(compatible, [
      { type: 'content_block_start', index: 0, content_block: { type: 'tool_use', id: 'a', name: 'Bash', input: {} } },
      ...['{"c', '{"command":', ls].map(delta),
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 1 } },
      { type: 'message_stop' },
    ]);
    expect(told).toEqual([`Bash ${ls}`]);
  });

  test.each([
    ['[]', '{}'],
    ['[ ]', '{}'],
  ])('of Ollama may be the empty list %s', (list, input) => {
    const call = `{"message":{"tool_calls":[{"function":{"name":"Bash","arguments":${list}}}]},"done":false}`;
    expect(tellStream({ dialect: 'ollama', model: 'm' }, `${call}\n{"done":true}\n`)).toEqual([`Bash ${input}`]);
  });

  test('of Ollama are those of one call if a line comes again with its id', () => {
    const call = (id: string, command: string) =>
      `{"message":{"tool_calls":[{"id":"${id}","function":{"name":"Bash","arguments":{"command":"${command}"}}}]},"done":false}`;
    const lines = [call('a', 'ls'), call('a', 'ls'), call('b', 'ls'), call('a', 'pwd')];
    expect(tellStream({ dialect: 'ollama', model: 'm' }, `${lines.join('\n')}\n{"done":true}\n`)).toEqual([
      `Bash ${ls}`,
      `Bash ${ls}`,
      'Bash {"command":"pwd"}',
    ]);
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
