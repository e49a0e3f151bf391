import { describe, expect, test } from 'vitest';
import { argumentJson } from './callable-tools.ts';
import { callForms } from './call-forms.ts';

const kindsOf = (_: string, argument: string) =>
  new Set(argument === 'n' ? ['number'] : argument === 'list' ? ['array'] : ['string']);

function read(opener: string, text: string, closed = true): unknown {
  const form = callForms.find((known) => known.opener === opener);
  return form?.read({ text, closed }, kindsOf)?.map(({ name, input }) => [name, JSON.parse(input)]);
}

describe('an argument that came as text', () => {
  test.each<[string, readonly string[], string]>([
    ['5', ['integer'], '5'],
    ['5', ['number'], '5'],
    ['5.5', ['integer'], '"5.5"'],
    ['5', ['string'], '"5"'],
    ['5', ['string', 'number'], '5'],
    ['12345678901234567890', ['integer'], '12345678901234567890'],
    ['False', ['boolean'], 'false'],
    ['no', ['boolean'], '"no"'],
    ['null', ['string', 'null'], 'null'],
    [' [1] ', ['array'], '[1]'],
    ['[1', ['array'], '"[1"'],
    ['{"a":1}', ['string'], '"{\\"a\\":1}"'],
    ['"quoted"', ['string'], '"\\"quoted\\""'],
  ])('%s of %j is %s', (value, kinds, json) => {
    expect(argumentJson(value, new Set(kinds))).toBe(json);
  });
});

describe('what stands in a form', () => {
  test.each<[string, string, unknown]>([
    ['<tool_call>', '{"name":"A","arguments":"{\\"b\\":1}"}', [['A', { b: 1 }]]],
    ['<tool_call>', '{"name":"A","parameters":{"b":"世"}}', [['A', { b: '世' }]]],
    ['<tool_call>', '{"name":"A"}', [['A', {}]]],
    ['<tool_call>', 'A', [['A', {}]]],
    ['<tool_call>', 'A<arg_key>n</arg_key><arg_value>1</arg_value>', [['A', { n: 1 }]]],
    [
      '<tool_call>',
      '<function=A></function><function=B></function>',
      [
        ['A', {}],
        ['B', {}],
      ],
    ],
    ['<function=', 'A>\n<parameter=s>\n<b>\n\n</parameter></function', undefined],
    ['<function=', 'A>\n<parameter=s>\n<b>\n\n</parameter>', [['A', { s: '<b>\n' }]]],
    [
      '<|DSML|function_calls>',
      '<|DSML|invoke name="A"><|DSML|parameter name="list">[1]</|DSML|parameter></|DSML|invoke>',
      [['A', { list: [1] }]],
    ],
    [
      '<|tool_calls_section_begin|>',
      '<|tool_call_begin|>functions.A:0<|tool_call_argument_begin|>{"n": 1}<|tool_call_end|>\n<|tool_call_begin|>functions.B:1<|tool_call_argument_begin|>{}<|tool_call_end|>',
      [
        ['A', { n: 1 }],
        ['B', {}],
      ],
    ],
    ['<|tool_calls_section_begin|>', '<|tool_call_begin|>functions.A:0<|tool_call_argument_begin|>{"n": 1', undefined],
    [
      '<｜tool▁calls▁begin｜>',
      '<｜tool▁call▁begin｜>function<｜tool▁sep｜>A\n```json\n{"n": 1}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>B<｜tool▁sep｜>{"s":"x"}<｜tool▁call▁end｜>',
      [
        ['A', { n: 1 }],
        ['B', { s: 'x' }],
      ],
    ],
    [
      '<minimax:tool_call>',
      '\n<invoke name="A">\n<parameter name="n">1</parameter>\n<parameter name="s">a "b"</parameter>\n</invoke>\n',
      [['A', { n: 1, s: 'a "b"' }]],
    ],
    ['<minimax:tool_call>', '<invoke name="A"> and more', undefined],
    ['[TOOL_CALLS]', '[{"name":"A","arguments":{"s":"]"}}]', [['A', { s: ']' }]]],
    ['[TOOL_CALLS]', 'A{"s":"x"} and more', undefined],
    ['<TOOLCALL>', '[]', undefined],
    ['<tool_call>', '{"name":"A","arguments":[1]}', undefined],
    ['<tool_call>', '{"name":"","arguments":{}}', undefined],
    ['<tool_call>', 'A is a tool', undefined],
  ])('%s%s', (opener, text, calls) => {
    expect(read(opener, text)).toEqual(calls);
  });

  test('counts without its closer only when it proves its own end', () => {
    expect(read('<tool_call>', '{"name":"A","arguments":{}}', false)).toEqual([['A', {}]]);
    expect(read('<tool_call>', 'A<arg_key>n</arg_key><arg_value>1</arg_value>', false)).toBeUndefined();
    expect(read('<function=', 'A><parameter=n>1</parameter>', false)).toBeUndefined();
  });
});
