import { describe, expect, test } from 'vitest';
import { readFailure } from './read-failure.ts';

function causeOf(status: number, body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readFailure({ status, headers: [], body: text }).cause;
}

/** As Python prints it. */
function printed(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value)) return `[${value.map(printed).join(', ')}]`;
  if (typeof value !== 'object') return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, member]) => `${quoted(name)}: ${printed(member)}`)
    .join(', ')}}`;
}

function quoted(text: string): string {
  return text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replaceAll("'", String.raw`\'`)}'`;
}

const errors: readonly (readonly [status: number, error: unknown])[] = [
  [
    400,
    {
      message: "This model's maximum context length is 8192 tokens. However, your messages resulted in 10005 tokens.",
      param: null,
    },
  ],
  [400, { code: '1261', message: 'Prompt exceeds max length' }],
  [400, { code: '1210', message: 'max_tokens参数非法：限制数值范围[1,16384]' }],
  [400, { message: 'too long', param: 'tools[3].function.description', code: 'string_above_max_length' }],
  [400, { message: "property 'chat_template_kwargs' is unsupported", type: 'invalid_request_error' }],
  [
    422,
    { type: 'extra_forbidden', loc: ['body', 'messages', 1, 'assistant', 'x'], msg: 'Extra inputs are not permitted' },
  ],
  [
    400,
    {
      message:
        "Unsupported value: 'reasoning_effort' does not support 'xhigh' with this model. Supported values are: 'low', 'medium', and 'high'.",
      param: 'reasoning_effort',
    },
  ],
  [400, { message: 'At most 4 image(s) may be provided in one prompt.', ok: false }],
  [400, { message: 'Failed to initialize samplers: failed to parse grammar' }],
  [429, { code: '1308', message: 'Usage limit reached for 5 hour. Your limit will reset at 2026-11-28 07:41:44' }],
  [429, { code: '1302', message: 'Rate limit reached for requests' }],
  [404, { message: 'The model `m` does not exist.', code: 'model_not_found' }],
];

const nestings: Readonly<Record<string, (error: unknown) => unknown>> = {
  'in `error`': (error) => ({ error }),
  'in a list': (error) => [{ error }],
  'in a list of lists': (error) => ({ detail: [[error]] }),
  'in `message`': (error) => ({ object: 'error', message: error }),
  'in `message.detail`': (error) => ({ object: 'error', message: { detail: [error] } }),
  'in `errors`': (error) => ({ errors: [error] }),
  'in `error.error`': (error) => ({ error: { error } }),
  'in `body`': (error) => ({ body: { error } }),
  'in `metadata.raw`': (error) => ({
    error: { message: 'Provider returned error', metadata: { raw: JSON.stringify({ error }) } },
  }),
  'in a text': (error) => ({ error: JSON.stringify({ error }) }),
  'in a text in a text': (error) => ({ message: JSON.stringify({ detail: JSON.stringify(error) }) }),
  'behind words': (error) => ({ detail: `Upstream said: ${JSON.stringify({ error })}` }),
  'in a text in a text behind words': (error) => ({
    error: { message: `A: ${JSON.stringify({ message: `B: ${JSON.stringify({ error })}` })}` },
  }),
  'as Python prints it': (error) => ({ error: { message: `Error code - ${printed({ error })}` } }),
  'as a text alone': (error) => JSON.stringify(JSON.stringify({ error })),
  'in an event': (error) => `event: error\ndata: ${JSON.stringify({ error })}\n\n`,
};

describe.each(Object.entries(nestings))('an error %s', (_, nest) => {
  test.each(errors)('has the same cause as alone: %i %j', (status, error) => {
    expect(causeOf(status, nest(error))).toEqual(causeOf(status, error));
  });
});
