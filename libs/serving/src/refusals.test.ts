import type { Target } from '@ccg/catalog';
import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createRefusals } from './refusals.ts';

const provider: Target['provider'] = {
  name: 'anthropic',
  dialect: 'anthropic',
  baseUrl: 'http://127.0.0.1:9',
  credential: undefined,
};
const target = (model: string): Target => ({ provider, model });

test('what a model refused is known for it alone, and adds up', () => {
  const refusals = createRefusals(createManualClock());
  refusals.addFields(target('a'), ['top_p']);
  refusals.addLimits(target('a'), { contextTokens: 8192, outputTokens: undefined });
  refusals.addFields(target('a'), ['stop']);
  refusals.addLimits(target('a'), { contextTokens: undefined, outputTokens: 1000 });
  expect([...refusals.of(target('a')).fields]).toEqual(['top_p', 'stop']);
  expect(refusals.of(target('a')).limits).toEqual({ contextTokens: 8192, outputTokens: 1000 });
  expect([...refusals.of(target('b')).fields]).toEqual([]);
});

test('what was refused is tried again after an hour', () => {
  const clock = createManualClock();
  const refusals = createRefusals(clock);
  refusals.addFields(target('a'), ['top_p']);
  refusals.addLimits(target('a'), { contextTokens: undefined, outputTokens: 1000 });
  clock.advance(60 * 60 * 1000 - 1);
  expect(refusals.of(target('a')).fields.size).toBe(1);
  clock.advance(1);
  expect(refusals.of(target('a'))).toEqual(createRefusals(clock).of(target('a')));
});

test('names of models without end do not fill the memory', () => {
  const refusals = createRefusals(createManualClock());
  for (let model = 0; model <= 1000; model += 1) refusals.addFields(target(String(model)), ['stop']);
  expect(refusals.of(target('0')).fields.size).toBe(0);
  expect(refusals.of(target('1000')).fields.size).toBe(1);
});
