import type { Target } from '@ccg/catalog';
import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createRefusedFields } from './refused-fields.ts';

const provider: Target['provider'] = {
  name: 'anthropic',
  dialect: 'anthropic',
  baseUrl: 'http://127.0.0.1:9',
  credential: undefined,
};
const target = (model: string): Target => ({ provider, model });

test('what a model refused is known for it alone, and adds up', () => {
  const refused = createRefusedFields(createManualClock());
  refused.add(target('a'), ['top_p']);
  refused.add(target('a'), ['stop']);
  expect([...refused.of(target('a'))]).toEqual(['top_p', 'stop']);
  expect([...refused.of(target('b'))]).toEqual([]);
});

test('what was refused is tried again after an hour', () => {
  const clock = createManualClock();
  const refused = createRefusedFields(clock);
  refused.add(target('a'), ['top_p']);
  clock.advance(60 * 60 * 1000 - 1);
  expect(refused.of(target('a')).size).toBe(1);
  clock.advance(1);
  expect(refused.of(target('a')).size).toBe(0);
});

test('names of models without end do not fill the memory', () => {
  const refused = createRefusedFields(createManualClock());
  for (let model = 0; model <= 1000; model += 1) refused.add(target(String(model)), ['stop']);
  expect(refused.of(target('0')).size).toBe(0);
  expect(refused.of(target('1000')).size).toBe(1);
});
