import { GatewayError } from '@ccg/kernel';
import { describe, expect, test } from 'vitest';
import { createRequestsReader } from './read-requests.ts';
import type { NewItem } from './read-requests.ts';

function read(body: string) {
  const items: (NewItem & { readonly params: string })[] = [];
  let params = '';
  const reader = createRequestsReader({
    params(bytes) {
      params += Buffer.from(bytes).toString();
    },
    item(item) {
      items.push({ ...item, params });
      params = '';
    },
  });
  // In two pieces, so that what a piece begins the next one ends.
  const half = Math.floor(body.length / 2);
  reader.push(Buffer.from(body.slice(0, half)));
  reader.push(Buffer.from(body.slice(half)));
  return { items, total: reader.end() };
}

function refusalOf(body: string): readonly [status: number, message: string] {
  try {
    read(body);
  } catch (error) {
    if (error instanceof GatewayError) return [error.status, error.publicMessage];
    throw error;
  }
  return [200, ''];
}

const one = '{"custom_id":"a","params":{}}';
const shape = 'It must be 1 to 64 of the characters a-z, A-Z, 0-9, "_" and "-".';

describe('a body that is no batch is refused with the place of its fault', () => {
  test.each<[body: string, status: number, message: string]>([
    ['', 400, 'The body is not valid JSON: The JSON ends too early (at byte 0).'],
    ['[]', 400, 'The body must be an object with the list requests.'],
    ['{}', 400, 'requests: Field required.'],
    ['{"requests":{}}', 400, 'requests: It must be a list.'],
    ['{"requests":[]}', 400, 'requests: It must have at least one request.'],
    [`{"requests":[${one}],"requests":[]}`, 400, 'requests: It stands in the body twice. Send one list.'],
    ['{"requests":[7]}', 400, 'requests.0: It must be an object with custom_id and params.'],
    [`{"requests":[${one},{"params":{}}]}`, 400, 'requests.1.custom_id: Field required.'],
    [`{"requests":[${one},{"custom_id":"b"}]}`, 400, 'requests.1.params: Field required.'],
    [`{"requests":[{"custom_id":"","params":{}}]}`, 400, `requests.0.custom_id: ${shape}`],
    [`{"requests":[{"custom_id":"a b","params":{}}]}`, 400, `requests.0.custom_id: ${shape}`],
    [`{"requests":[{"custom_id":"${'a'.repeat(65)}","params":{}}]}`, 400, `requests.0.custom_id: ${shape}`],
    [`{"requests":[{"custom_id":"${'a'.repeat(600)}","params":{}}]}`, 400, `requests.0.custom_id: ${shape}`],
    [`{"requests":[{"custom_id":7,"params":{}}]}`, 400, `requests.0.custom_id: ${shape}`],
    [`{"requests":[{"custom_id":["a"],"params":{}}]}`, 400, `requests.0.custom_id: ${shape}`],
    [
      '{"requests":[{"custom_id":"a","custom_id":"b","params":{}}]}',
      400,
      'requests.0.custom_id: It stands there twice.',
    ],
    ['{"requests":[{"params":{},"params":{},"custom_id":"b"}]}', 400, 'requests.0.params: It stands there twice.'],
    [
      `{"requests":[${one},{"custom_id":"b","params":{},"model":"m"}]}`,
      400,
      'requests.1: It may have custom_id and params alone. Put other fields into params.',
    ],
    [
      `{"requests":[${one},{"custom_id":"b","params":{}},${one}]}`,
      400,
      'requests.2.custom_id: "a" is that of an earlier request. Give each request its own.',
    ],
    [
      `{"requests":[${one},{"custom_id":"b","params":{"x":tru}}]}`,
      400,
      'The body is not valid JSON: Expected a value (at byte 77). It is in requests.1.',
    ],
    [
      `{"requests":[${one},{"custom_id":"b"`,
      400,
      'The body is not valid JSON: The JSON ends too early (at byte 59). It is in requests.1.',
    ],
    [
      `{"requests":[{"custom_id":"a","params":${'['.repeat(700)}`,
      400,
      'The JSON is nested more than 600 levels deep. It is in requests.0.',
    ],
  ])('%s', (body, status, message) => {
    expect(refusalOf(body)).toEqual([status, message]);
  });
});

test('the 100,001st request is one too many', () => {
  const requests = Array.from({ length: 100_001 }, (_, at) => `{"custom_id":"i${at}","params":1}`);
  expect(read(`{"requests":[${requests.slice(1).join(',')}]}`).total).toBe(100_000);
  expect(refusalOf(`{"requests":[${requests.join(',')}]}`)).toEqual([
    413,
    'requests: A batch has at most 100,000 requests. Create several batches.',
  ]);
});

test.each([
  ['4096', 4096],
  ['4096.0', 4096],
  ['4.096e3', 4096],
  ['0', 0],
  ['-1', undefined],
  ['1.5', undefined],
  ['"4096"', undefined],
  ['1e400', undefined],
])('max_tokens of %s is told as %s', (literal, maxTokens) => {
  const { items } = read(`{"requests":[{"custom_id":"a","params":{"max_tokens":${literal}}}]}`);
  expect(items).toMatchObject([{ maxTokens }]);
});

test('params are given as they came, with the model and the tokens that they name; other members of the body are left out', () => {
  const params = '{ "max_tokens" : 12, "model":"a\\u0062", "metadata": {"model": "no"} }';
  const body = `{"betas":[{"custom_id":5}],"requests":[{"params":${params},"custom_id":"\\u0061"},{"custom_id":"b","params":"text"}]}`;
  expect(read(body)).toEqual({
    total: 2,
    items: [
      { customId: 'a', model: 'ab', maxTokens: 12, bytes: params.length, params },
      { customId: 'b', model: undefined, maxTokens: undefined, bytes: 6, params: '"text"' },
    ],
  });
});
