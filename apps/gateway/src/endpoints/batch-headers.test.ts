import { GatewayError } from '@ccg/kernel';
import { expect, test } from 'vitest';
import { itemHeaders } from './batch-headers.ts';

test('items are sent with the version and the betas of their batch, but not with those of the endpoint, nor with anything else', () => {
  const headers = {
    'anthropic-version': '2023-06-01',
    'anthropic-beta': 'message-batches-2024-09-24, context-1m-2025-08-07,,fine-grained-tool-streaming-2025-05-14',
    authorization: 'Bearer secret',
    'x-api-key': 'secret',
    'user-agent': 'sdk',
  };
  expect(itemHeaders(headers)).toEqual([
    ['anthropic-version', '2023-06-01'],
    ['anthropic-beta', 'context-1m-2025-08-07,fine-grained-tool-streaming-2025-05-14'],
  ]);
  expect(itemHeaders({ 'anthropic-beta': 'message-batches-2024-09-24' })).toEqual([]);
  expect(itemHeaders({})).toEqual([]);
});

test('a header that is too long to be kept is refused by its name', () => {
  expect(() => itemHeaders({ 'anthropic-beta': 'b'.repeat(4097) })).toThrow(
    new GatewayError('request-invalid', 'anthropic-beta: It is longer than 4096 characters. Send less in it.'),
  );
});
