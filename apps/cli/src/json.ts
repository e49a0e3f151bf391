/**
 * Reads a decoded JSON value by path without trusting its shape: the server may be older or newer than this program.
 * Anything missing on the way is `undefined`.
 */
export function jsonAt(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Reflect.get(current, step);
  }
  return current;
}

/** The string at a path, or undefined. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string | undefined {
  const found = jsonAt(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

/** The array at a path, or an empty one. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = jsonAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
