import { RawJson, readTopLevel, stringToBytes } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';

/**
 * The schema of a tool as a function's parameters, unchanged. Only at its root, where servers require an object,
 * missing keywords are added.
 */
export function parametersOf(schema: JsonValue | undefined): RawJson {
  if (!(schema instanceof RawJson) || schema.source.charAt(schema.start) !== '{') return raw(emptySchema);
  const json = schema.source.slice(schema.start, schema.end);
  const keys = readTopLevel(stringToBytes(json)).entries.map((entry) => entry.key);
  const added: string[] = [];
  if (!keys.includes('type')) added.push('"type":"object"');
  if (!keys.includes('properties')) added.push('"properties":{}');
  if (added.length === 0) return schema;
  if (keys.length === 0) return raw(emptySchema);
  return raw(`{${added.join(',')},${json.slice(1)}`);
}

const emptySchema = '{"type":"object","properties":{}}';

function raw(json: string): RawJson {
  return new RawJson(json, 0, json.length);
}
