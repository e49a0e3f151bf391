import { createProvider, createTarget } from '@ccg/catalog';
import { createManualClock } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { createRejectedParameters } from './rejected-parameters.ts';

const provider = createProvider({
  name: 'anthropic',
  dialect: 'anthropic',
  baseUrl: 'http://127.0.0.1:9',
  credential: undefined,
});
const target = (model: string) => createTarget({ provider, model });

test('what a model refused is known for it alone, and adds up', () => {
  const rejectedParameters = createRejectedParameters(createManualClock());
  rejectedParameters.addFields(target('a'), ['top_p']);
  rejectedParameters.addLimits(target('a'), { contextTokens: 8192, outputTokens: undefined });
  rejectedParameters.addFields(target('a'), ['stop']);
  rejectedParameters.addLimits(target('a'), { contextTokens: undefined, outputTokens: 1000 });
  expect([...rejectedParameters.of(target('a')).fields]).toEqual(['top_p', 'stop']);
  expect(rejectedParameters.of(target('a')).limits).toEqual({ contextTokens: 8192, outputTokens: 1000 });
  expect([...rejectedParameters.of(target('b')).fields]).toEqual([]);
});

test('what was refused is tried again after an hour', () => {
  const clock = createManualClock();
  const rejectedParameters = createRejectedParameters(clock);
  rejectedParameters.addFields(target('a'), ['top_p']);
  rejectedParameters.addLimits(target('a'), { contextTokens: undefined, outputTokens: 1000 });
  clock.advance(60 * 60 * 1000 - 1);
  expect(rejectedParameters.of(target('a')).fields.size).toBe(1);
  clock.advance(1);
  expect(rejectedParameters.of(target('a'))).toEqual(createRejectedParameters(clock).of(target('a')));
});

test('names of models without end do not fill the memory', () => {
  const rejectedParameters = createRejectedParameters(createManualClock());
  for (let model = 0; model <= 1000; model += 1) rejectedParameters.addFields(target(String(model)), ['stop']);
  expect(rejectedParameters.of(target('0')).fields.size).toBe(0);
  expect(rejectedParameters.of(target('1000')).fields.size).toBe(1);
});
