/** Keeps the values of a label few. */
export interface LabelValues {
  /** The value itself, or `other` where there are too many. Only what may enter takes one of the places. */
  of(value: string, mayEnter: boolean): string;
  /** Has a value that an operator chose stand for itself. It takes none of the places. */
  expect(this: void, value: string): void;
}

export const otherValue = 'other';

/** The values that come first have a series of their own; all that come after `max` of them share one. */
export function createLabelValues(max: number): LabelValues {
  const known = new Set<string>();
  const expected = new Set<string>();
  return {
    expect(value) {
      expected.add(value);
    },
    of(value, mayEnter) {
      if (known.has(value) || expected.has(value)) return value;
      if (!mayEnter || known.size >= max) return otherValue;
      known.add(value);
      return value;
    },
  };
}
