import { decodeJson } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import { listOf, memberOf, tryParseJson } from '../../parsed-json.ts';

/** The kinds of value that an argument may have, by a tool's schema. */
export type ArgumentKinds = ReadonlySet<string>;

/**
 * An argument that came as text, as JSON: a number, a list and so on where the tool's schema allows that and the text
 * is one, else a string.
 */
export function argumentJson(value: string, kinds: ArgumentKinds): string {
  const text = value.trim();
  const lower = text.toLowerCase();
  // Models that think in Python write True.
  if (kinds.has('boolean') && (lower === 'true' || lower === 'false')) return lower;
  const kind = kindOf(text);
  const fits = kinds.has(kind) || (kind === 'integer' && kinds.has('number'));
  return kind !== 'string' && fits ? text : JSON.stringify(value);
}

/** Of each argument of a tool. What the schema does not say may be a list or an object. */
export function argumentKinds(schema: JsonValue | undefined): (argument: string) => ArgumentKinds {
  const properties = memberOf(schema === undefined ? undefined : decodeJson(schema), 'properties');
  return (argument) => {
    const kinds = new Set(kindsOf(memberOf(properties, argument)));
    return kinds.size === 0 ? new Set(['object', 'array']) : kinds;
  };
}

function kindsOf(schema: unknown): readonly string[] {
  const choices = ['anyOf', 'oneOf', 'allOf'].flatMap((keyword) => listOf(memberOf(schema, keyword)));
  const type = memberOf(schema, 'type');
  const values = [...listOf(memberOf(schema, 'enum')), memberOf(schema, 'const')].filter(
    (value) => value !== undefined,
  );
  return [
    ...(typeof type === 'string' ? [type] : listOf(type).filter((kind) => typeof kind === 'string')),
    ...values.map((value) => kindOf(JSON.stringify(value))),
    ...choices.flatMap(kindsOf),
  ];
}

/** What a JSON text is, in the words of JSON Schema; a text that is no JSON is a string. */
function kindOf(json: string): string {
  const value = tryParseJson(json);
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'object' || typeof value === 'boolean' ? typeof value : 'string';
}
