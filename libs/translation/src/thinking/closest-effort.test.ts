import { expect, test } from 'vitest';
import { closestEffort } from './closest-effort.ts';

test.each([
  ['max', ['none', 'low', 'high'], 'high'],
  ['medium', ['low', 'high'], 'low'],
  ['low', ['none', 'high', 'max'], 'high'],
  ['none', ['high', 'low'], 'low'],
  ['none', ['low', 'none'], 'none'],
  ['high', [], undefined],
] as const)('%s among %j is %s', (wanted, levels, closest) => {
  expect(closestEffort(wanted, levels)).toBe(closest);
});
