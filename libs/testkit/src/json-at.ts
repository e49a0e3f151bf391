/**
 * Reads a decoded JSON value by path without trusting its shape: `jsonAt(body, 'messages', 0, 'role')`.
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

/** The array at a path, or an empty one. */
export function jsonListAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = jsonAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The string at a path, or an empty one. */
export function jsonTextAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = jsonAt(value, ...path);
  return typeof found === 'string' ? found : '';
}
