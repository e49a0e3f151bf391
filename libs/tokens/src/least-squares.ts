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
  let factors = [...start];
  let doubt = spreads.map((spread, row) => spreads.map((_, column) => (row === column ? spread ** 2 : 0)));
  const estimate = (features: readonly number[]) => dot(features, factors);
  return {
    estimate,
    observe(features, sum, noise) {
      const pull = doubt.map((row) => dot(row, features));
      const variance = dot(features, pull) + noise ** 2;
      const error = sum - estimate(features);
      factors = factors.map((factor, index) => within(bounds[index], factor + (at(pull, index) / variance) * error));
      doubt = doubt.map((row, index) =>
        row.map((value, column) => {
          const growth = index === column ? drift * at(spreads, index) ** 2 : 0;
          return value - (at(pull, index) * at(pull, column)) / variance + growth;
        }),
      );
    },
  };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * at(b, index), 0);
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? 0;
}

function within(bounds: readonly [number, number] | undefined, value: number): number {
  return bounds === undefined ? value : Math.min(bounds[1], Math.max(bounds[0], value));
}
