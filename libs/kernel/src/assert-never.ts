/** Ends an exhaustive switch: a missing case is a compile error, a foreign value at run time a thrown one. */
export function assertNever(value: never): never {
  throw new TypeError(`Unexpected value: ${String(value)}`);
}
