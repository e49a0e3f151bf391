import type { JsonObject } from '@ccg/wire';
import { asObject, asText } from '../json-fields.ts';

/** The chunk or the answer itself where it is an error: servers that fail after the status was sent say so inside. */
export function errorOf(chunk: JsonObject): JsonObject | undefined {
  if (asObject(chunk['error']) !== undefined || asText(chunk['error']) !== undefined) return chunk;
  return asText(chunk['object']) === 'error' ? chunk : undefined;
}
