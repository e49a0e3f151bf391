/** Learns factors of features from sums, one observation after the other. */
export interface LeastSquares {
  /** The sum of the features times what their factors are thought to be. */
  estimate(features: readonly number[]): number;
  /** `sum` is what it really was, give or take `noise`. */
  observe(features: readonly number[], sum: number, noise: number): void;
}

export interface LeastSquaresOptions {
  /** The factors to begin with, and by how much each may be wrong. */
  readonly start: readonly number[];
  readonly spreads: readonly number[];
  readonly bounds: readonly (readonly [least: number, most: number])[];
  /** The share of a spread's square by which doubt grows with each observation. */
  readonly drift: number;
}

/**
 * Recursive least squares: what an observation differs from the estimate is spread over the factors by how much doubt
 * there is of each and how much it has to do with the sum. With one feature that is `r ← r + g·(sum/feature − r)`.
 */
export function createLeastSquares({ start, spreads, bounds, drift }: LeastSquaresOptions): LeastSquares {
  const factors = [...start];
  const doubt = spreads.map((spread, row) => spreads.map((_, column) => (row === column ? spread ** 2 : 0)));
  const growth = spreads.map((spread) => drift * spread ** 2);
  const estimate = (features: readonly number[]) => dot(features, factors);
  return {
    estimate,
    observe(features, sum, noise) {
      const pull = doubt.map((row) => dot(row, features));
      const variance = dot(features, pull) + noise ** 2;
      const error = sum - estimate(features);
      doubt.forEach((row, index) => {
        const gain = at(pull, index) / variance;
        factors[index] = within(bounds[index], at(factors, index) + gain * error);
        subtract(row, pull, gain);
        row[index] = at(row, index) + at(growth, index);
      });
    },
  };
}

// Loops, since every answered request runs through them.

function subtract(from: number[], values: readonly number[], times: number): void {
  for (let index = 0; index < from.length; index += 1) from[index] = at(from, index) - times * at(values, index);
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += at(a, index) * at(b, index);
  return sum;
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0;
}

function within(bounds: readonly [number, number] | undefined, value: number): number {
  return bounds === undefined ? value : Math.min(bounds[1], Math.max(bounds[0], value));
}
