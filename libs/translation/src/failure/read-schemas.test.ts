import { describe, expect, test } from 'vitest';
import { readFailure } from './read-failure.ts';

const causeOf = (message: string) =>
  readFailure({ status: 400, headers: [], body: JSON.stringify({ error: { message } }) }).cause;

describe('a path into the schema of a tool, beside a negation, is a schema that is refused', () => {
  test.each([
    ['tools[0].function.parameters.properties.command.pattern: not supported', 'pattern'],
    ['tools.0.input_schema.properties.a.anyOf: unsupported', 'anyOf'],
    ['/tools/3/function/parameters/properties/x/format is not allowed', 'format'],
    ['Unknown member at tools[1].parameters.properties.a.items', undefined],
    ['body -> tools -> 0 -> input_schema -> properties -> x -> const: cannot be expressed', 'const'],
    [
      "GenerateContentRequest.tools[0].function_declarations[0].parameters.properties[command].format: only 'enum' and 'date-time' are supported for STRING type",
      'format',
    ],
  ])('%s', (message, keyword) => {
    expect(causeOf(message)).toMatchObject({ kind: 'schema-rejected', keyword });
  });
});

// The engines: https://github.com/vllm-project/vllm/issues/16880, https://github.com/sgl-project/sglang/pull/20467,
// https://github.com/sgl-project/sglang/pull/37839, https://github.com/vllm-project/vllm/pull/13228,
// and Gemini's own: https://github.com/flutter/genui/issues/428
describe('an engine of grammars, or a schema, that cannot do something is a schema that is refused', () => {
  test.each([
    ['Invalid JSON schema: unsupported regex', undefined],
    ['outlines: failed to compile regex', undefined],
    ['tool schema contains unsupported "format" value', 'format'],
    ['structured outputs: unsupported keyword pattern', 'pattern'],
    ['llguidance: failed to compile', undefined],
    ['xgrammar could not compile the grammar', undefined],
    ['lm-format-enforcer: unsupported regex', undefined],
    ['anyOf not supported in function schema', 'anyOf'],
    ["The input schema has an unknown keyword: 'const'", 'const'],
    ['Failed to compile structural_tag grammar: items must be a boolean or an object', undefined],
    ['The tool schema is too complex: maximum nesting depth is 2', undefined],
    ['The specified schema produces a constraint that has too many states for serving.', undefined],
  ])('%s', (message, keyword) => {
    expect(causeOf(message)).toMatchObject({ kind: 'schema-rejected', keyword });
  });
});

test.each([
  {
    detail: [{ type: 'value_error', loc: ['body', 'tools', 0, 'function', 'parameters'], msg: 'Unsupported: pattern' }],
  },
  { error: { message: 'This pattern is beyond this server.', param: 'tools[0].parameters' } },
  { error: { message: 'tools.0.input_schema: what is this pattern?', param: 'tools[0].input_schema' } },
])('whatever is said of the schema of a tool as a whole is a schema that is refused: %j', (body) => {
  const { cause } = readFailure({ status: 400, headers: [], body: JSON.stringify(body) });
  expect(cause).toMatchObject({ kind: 'schema-rejected', keyword: 'pattern' });
});
