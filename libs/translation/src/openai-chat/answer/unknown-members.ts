import { isJsonObject, isText, isEmptyText } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asObject } from '../../json-fields.ts';
import type { CallMembers } from '../../tools/call-state.ts';

const known: ReadonlySet<string> = new Set(['index', 'id', 'type', 'function']);
const knownOfFunction: ReadonlySet<string> = new Set(['name', 'arguments']);

/**
 * What a backend may want back with a call, such as Gemini's signature in `extra_content`: all texts, lists and objects
 * of members that the protocol does not have, apart from its index, id, type, name and arguments. Undefined if there are none.
 */
export function unknownMembers(call: JsonObject): CallMembers | undefined {
  const members = membersBeyond(call, known);
  const ofFunction = membersBeyond(asObject(call['function']) ?? {}, knownOfFunction);
  const all = Object.keys(ofFunction).length === 0 ? members : { ...members, function: ofFunction };
  return Object.keys(all).length === 0 ? undefined : all;
}

function membersBeyond(object: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name, value]) => !names.has(name) && mayBeState(value)));
}

function mayBeState(value: JsonValue | undefined): boolean {
  if (isText(value)) return !isEmptyText(value);
  if (Array.isArray(value)) return value.length > 0;
  return isJsonObject(value) && Object.keys(value).length > 0;
}
