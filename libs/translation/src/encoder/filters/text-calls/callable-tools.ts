import { decodeJson } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import { listOf, memberOf, tryParseJson, asText } from '../../../json-fields.ts';
import type { DeclaredTool } from '../../../tools/effective-tools.ts';
import type { ToolNames } from '../../../tools/tool-names.ts';

/** A call that a model wrote as text. Both are Unicode text. */
export interface TextCall {
  readonly name: string;
  /** The JSON text of an object. */
  readonly input: string;
}

/** What arguments of a tool may be; the name is as the model wrote it. */
export type KindsOf = (tool: string, argument: string) => ArgumentKinds;

/** The client's tools, by the names that the model uses. */
export interface CallableTools {
  isDeclared(name: string): boolean;
  readonly kindsOf: KindsOf;
}

/** What stood between an opener and its closer. */
export interface CallBlock {
  /** Unicode text. */
  readonly text: string;
  /** Whether the closer came: without it only what proves its own end counts. */
  readonly closed: boolean;
}

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
function argumentKinds(schema: JsonValue | undefined): (argument: string) => ArgumentKinds {
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

/** The tools that calls written as text may call, and what their schemas say of arguments. */
export function callableTools(tools: readonly DeclaredTool[], { outward, declares }: ToolNames): CallableTools {
  const schemas = new Map(tools.map(({ tool }) => [asText(tool['name']), tool['input_schema']]));
  const known = new Map<string, (argument: string) => ArgumentKinds>();
  return {
    isDeclared: (name) => declares(outward(name)),
    kindsOf(name, argument) {
      const clientName = outward(name);
      const kinds = known.get(clientName) ?? argumentKinds(schemas.get(clientName));
      known.set(clientName, kinds);
      return kinds(argument);
    },
  };
}
