import { expect, test } from 'vitest';

import { createLeastSquares } from './least-squares.ts';

const options = {
  start: [1, 1],
  spreads: [0.5, 0.5],
  bounds: [
    [0.5, 4],
    [0.5, 4],
  ] as const,
  drift: 0.01,
};

test('it finds the factors behind sums, and each from its own feature', () => {
  const learner = createLeastSquares(options);
  for (let round = 0; round < 30; round += 1) {
    learner.observe([100, 10 * (round % 3)], 130 + 25 * (round % 3), 5);
  }
  expect(Math.abs(learner.estimate([100, 0]) - 130)).toBeLessThan(2);
  expect(learner.estimate([0, 100])).toBeGreaterThan(200);
});

test('a feature that was never seen keeps its factor', () => {
  const learner = createLeastSquares(options);
  for (let round = 0; round < 10; round += 1) learner.observe([100, 0], 200, 5);
  expect(learner.estimate([0, 100])).toBe(100);
  expect(learner.estimate([100, 0])).toBeCloseTo(200, 0);
});

test('factors stay within their bounds', () => {
  const learner = createLeastSquares(options);
  for (let round = 0; round < 50; round += 1) learner.observe([100, 0], 1, 5);
  expect(learner.estimate([100, 0])).toBe(50);
});

test('what changes is learned anew', () => {
  const learner = createLeastSquares(options);
  for (let round = 0; round < 200; round += 1) learner.observe([100, 50], 150, 5);
  for (let round = 0; round < 40; round += 1) learner.observe([100, 50], 300, 5);
  expect(learner.estimate([100, 50])).toBeGreaterThan(285);
});
