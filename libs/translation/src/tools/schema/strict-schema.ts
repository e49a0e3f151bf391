import { decodeJson } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';

/** Deeper schemas are not checked and count as not strict. */
const depthMax = 64;

/** Whether a schema meets the rules for strict schemas: each object is closed and all its properties are required. */
export function isStrictSchema(schema: JsonValue | undefined): boolean {
  if (schema === undefined || schema === null) return false;
  return isStrict(decodeJson(schema), 0);
}

function isStrict(value: unknown, depth: number): boolean {
  if (depth > depthMax) return false;
  if (Array.isArray(value)) return value.every((item) => isStrict(item, depth + 1));
  if (typeof value !== 'object' || value === null) return true;
  const schema = new Map(Object.entries(value));
  const properties: unknown = schema.get('properties');
  if (schema.get('type') === 'object' || properties !== undefined) {
    if (typeof properties !== 'object' || properties === null || schema.get('additionalProperties') !== false)
      return false;
    const required: unknown = schema.get('required');
    if (!Array.isArray(required)) return false;
    const names = new Set<unknown>(required);
    if (!Object.keys(properties).every((name) => names.has(name))) return false;
    if (!Object.values(properties).every((property) => isStrict(property, depth + 1))) return false;
  }
  return (
    subschemas.every((keyword) => isStrict(schema.get(keyword), depth + 1)) && areStrict(schema.get('$defs'), depth)
  );
}

const subschemas: readonly string[] = ['items', 'anyOf', 'allOf', 'oneOf'];

function areStrict(definitions: unknown, depth: number): boolean {
  if (typeof definitions !== 'object' || definitions === null) return true;
  return Object.values(definitions).every((definition) => isStrict(definition, depth + 1));
}
