import { isJsonObject, isText, decodeText, writeJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';

/**
 * The members of a request by their paths, with empty brackets for every index, and their values where these are short
 * and stand outside of lists. It holds nothing of the prompt.
 */
export type SentMembers = ReadonlyMap<string, string | undefined>;

/** No member that a server rejects lies deeper. */
const depthMax = 4;
const valueMaxLength = 200;
/** What lies in these belongs to tools, and has names of their own. */
const opaque: ReadonlySet<string> = new Set([
  'arguments',
  'args',
  'input',
  'input_schema',
  'parameters',
  'parametersJsonSchema',
  'response',
  'responseJsonSchema',
  'schema',
  'source',
]);

/** The members that can be left out of a request: all but the `indispensable` ones. */
export function sentMembers(request: JsonObject, indispensable: ReadonlySet<string>): Map<string, string | undefined> {
  const members = new Map<string, string | undefined>();
  collect([request], '', indispensable, members, 0);
  return members;
}

function collect(
  objects: readonly JsonObject[],
  prefix: string,
  indispensable: ReadonlySet<string>,
  members: Map<string, string | undefined>,
  depth: number,
): void {
  const values = new Map<string, JsonValue>();
  const below = new Map<string, JsonObject[]>();
  for (const object of objects) {
    for (const [name, value] of Object.entries(object)) {
      if (value === undefined) continue;
      if (!values.has(name)) values.set(name, value);
      if (typeof value === 'object' && depth < depthMax && !opaque.has(name)) addObjects(name, value, below);
    }
  }
  for (const [name, value] of values) {
    const path = `${prefix}${name}`;
    if (!indispensable.has(path)) members.set(path, prefix.includes('[]') ? undefined : shortValue(value));
  }
  for (const [name, inner] of below) collect(inner, `${prefix}${name}.`, indispensable, members, depth + 1);
}

function addObjects(name: string, value: JsonValue, below: Map<string, JsonObject[]>): void {
  const isList = Array.isArray(value);
  const found = isList ? value.filter(isJsonObject) : isJsonObject(value) ? [value] : [];
  if (found.length === 0) return;
  const key = isList ? `${name}[]` : name;
  const known = below.get(key);
  if (known === undefined) below.set(key, [...found]);
  else known.push(...found);
}

/** A text as it is, anything else as JSON; undefined if it is long. */
export function shortValue(value: JsonValue): string | undefined {
  const text = isText(value) ? decodeText(value) : writeJson(value);
  return text.length <= valueMaxLength ? text : undefined;
}

/**
 * The members that a path from a server's error means: the member at the path, else the nearest one that it lies in,
 * else those whose paths end with it, since servers often leave out where a member stands.
 */
export function membersAt(path: string, members: SentMembers): readonly string[] {
  const steps = path.replace(/\.?\[\d*\]|\.\d+(?=\.|$)/gu, '[]').split('.');
  const bySpelling = new Map([...members.keys()].map((member) => [plainSpelling(member), member]));
  for (let length = steps.length; length > 0; length -= 1) {
    const outer = bySpelling.get(plainSpelling(steps.slice(0, length).join('.')));
    if (outer !== undefined) return [outer];
  }
  const end = `.${plainSpelling(steps.join('.'))}`;
  const found = [...bySpelling].flatMap(([spelling, member]) => (spelling.endsWith(end) ? [member] : []));
  if (found.length > 0 || !isEffort(path)) return found;
  return [...bySpelling].flatMap(([spelling, member]) => (isEffort(spelling) ? [member] : []));
}

/** Whether a member says how much the model thinks. Each protocol has its own name for it, and servers speak several. */
export function isEffort(path: string): boolean {
  return /(?:^|\.)(?:reasoning_?effort|reasoning\.effort|output_?config\.effort|thinking_?level|effort)$/iu.test(path);
}

/** Servers write names in the style of their own language. */
function plainSpelling(path: string): string {
  return path.toLowerCase().replaceAll('_', '');
}

/** What to put in the place of a member; undefined leaves it out. */
type Change = (value: JsonValue) => JsonValue | undefined;

/** The object with the member at the path changed wherever it stands. An object that becomes empty is left out. */
export function changeMember(object: JsonObject, path: string, change: Change): JsonObject {
  return changeAt(object, path.split('.'), change);
}

function changeAt(object: JsonObject, [step = '', ...rest]: readonly string[], change: Change): JsonObject {
  const isList = step.endsWith('[]');
  const name = isList ? step.slice(0, -2) : step;
  const value = object[name];
  if (value === undefined) return object;
  const changed = isList ? changeItems(value, rest, change) : changeValue(value, rest, change);
  if (changed === value) return object;
  if (changed !== undefined) return { ...object, [name]: changed };
  const { [name]: _, ...others } = object;
  return others;
}

function changeValue(value: JsonValue, rest: readonly string[], change: Change): JsonValue | undefined {
  if (rest.length === 0) return change(value);
  if (!isJsonObject(value)) return value;
  const changed = changeAt(value, rest, change);
  return changed !== value && Object.keys(changed).length === 0 ? undefined : changed;
}

function changeItems(value: JsonValue, rest: readonly string[], change: Change): JsonValue {
  if (!Array.isArray(value) || rest.length === 0) return value;
  return value.map((item) => (isJsonObject(item) ? changeAt(item, rest, change) : item));
}
