import { outcomes } from '@ccg/kernel';
import { anyCharacter } from '@ccg/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeUsageRecord, encodeUsageRecord } from './usage-record.ts';
import type { UsageRecord } from './usage-record.ts';

const usual: UsageRecord = {
  v: 1,
  id: 'req_6f1d9a0e4c7b4b0f9d3e2a1b5c6d7e8f',
  at: '2026-11-28T09:15:42.123Z',
  user: 'usr_9n2kq7c4x1v8b3m5',
  userName: 'ada',
  apiKey: 'key_4h7s2d9f6g1j3k8l',
  group: 'platform',
  session: '0f6f1c2e-8a57-4d0e-9a43-6f2f5f6a1b2c',
  endpoint: 'messages',
  requestedModel: 'claude-sonnet-4-5-20250929',
  provider: 'anthropic',
  model: 'claude-sonnet-4-5-20250929',
  dialect: 'anthropic',
  stream: true,
  outcome: 'ok',
  inputTokens: 312,
  outputTokens: 1804,
  cacheReadTokens: 48_211,
  cacheWriteTokens: 1502,
  reasoningTokens: 0,
  usageSource: 'reported',
  costMicroDollars: 48_102,
  priceBasis: 'list',
  durationMs: 18_233,
  firstEventMs: 1210,
  attempts: 1,
};

const name = fc.string({ maxLength: 128, unit: anyCharacter });
const optional = fc.option(name, { nil: undefined });
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });

const anyRecord: fc.Arbitrary<UsageRecord> = fc.record({
  v: fc.constant(1 as const),
  id: name,
  at: fc
    .date({ min: new Date(0), max: new Date(Date.UTC(9999, 0)), noInvalidDate: true })
    .map((date) => date.toISOString()),
  user: optional,
  userName: optional,
  apiKey: optional,
  group: optional,
  session: optional,
  agent: optional,
  parentAgent: optional,
  endpoint: fc.constantFrom('messages', 'count_tokens'),
  requestedModel: name,
  provider: optional,
  model: optional,
  dialect: optional,
  stream: fc.boolean(),
  outcome: fc.constantFrom(...outcomes, 'running' as const),
  inputTokens: count,
  outputTokens: count,
  cacheReadTokens: count,
  cacheWriteTokens: count,
  reasoningTokens: count,
  usageSource: fc.constantFrom('none', 'reported', 'estimated'),
  costMicroDollars: count,
  priceBasis: optional,
  durationMs: count,
  firstEventMs: fc.option(count, { nil: undefined }),
  attempts: count,
  batch: optional,
  batchIndex: fc.option(count, { nil: undefined }),
});

test('what is decoded is what was encoded', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      expect(decodeUsageRecord(encodeUsageRecord(record))).toEqual(record);
    }),
  );
});

test('the record of a usual request is small', () => {
  expect(Buffer.byteLength(encodeUsageRecord(usual))).toBeLessThan(450);
});

test('a record is at most 24 KB, whatever a client called its model and its session', () => {
  fc.assert(
    fc.property(anyCharacter, (character) => {
      const long = character.repeat(5000);
      const names = { id: long, user: long, userName: long, apiKey: long, group: long, session: long, agent: long };
      const more = { parentAgent: long, requestedModel: long, provider: long, model: long, dialect: long };
      const encoded = encodeUsageRecord({ ...usual, ...names, ...more, priceBasis: long, batch: long });
      expect(Buffer.byteLength(encoded)).toBeLessThan(24 * 1024);
      expect(decodeUsageRecord(encoded)?.session?.length).toBeLessThanOrEqual(256);
    }),
  );
});

test('no number of a record is a fraction or beyond what is counted exactly', () => {
  const numbers = { durationMs: 12.6, inputTokens: Number.NaN, outputTokens: Infinity, costMicroDollars: 2 ** 60 };
  const expected = { durationMs: 13, inputTokens: 0, outputTokens: 0, costMicroDollars: 0 };
  expect(decodeUsageRecord(encodeUsageRecord({ ...usual, ...numbers }))).toMatchObject(expected);
});

test.each([
  '',
  'null',
  '[]',
  '"text"',
  '{',
  '{}',
  '{"v":2,"id":"req_1","at":1}',
  '{"v":1,"id":7,"at":1}',
  '{"v":1,"id":"req_1","at":1e300}',
  '{"v":1,"id":"req_1","at":9007199254740991}',
])('%s is no record', (text) => {
  expect(decodeUsageRecord(text)).toBeUndefined();
});

test('a record with an outcome of a newer version is read as one of a request that failed', () => {
  const text = encodeUsageRecord(usual).replace('"id"', '"o":"a_new_one","id"');
  expect(decodeUsageRecord(text)?.outcome).toBe('gateway_internal');
});
