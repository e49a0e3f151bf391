import { isJsonObject, isText, isEmptyText, mendSurrogates, writeJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asObject, asText, tryReadJson } from '../json-fields.ts';

/** Members of a call, apart from its index, id, type, name and arguments. Those of its `function` are in there. */
export type CallMembers = JsonObject;

const version = 1;
const known: ReadonlySet<string> = new Set(['index', 'id', 'type', 'function']);
const knownOfFunction: ReadonlySet<string> = new Set(['name', 'arguments']);
/** Signatures have some KB. */
const stateMaxBytes = 256 * 1024;

/**
 * What a backend may want back with a call, such as Gemini's signature in `extra_content`: all texts, lists and objects
 * of members that the protocol does not have. Undefined if there are none.
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

/** The state of a call for sealing, as a byte string. `id` is the client's. Undefined if it is too long to be sent. */
export function writeCallState(id: string, members: CallMembers): string | undefined {
  const state = writeJson({ v: version, call: id, members });
  return state.length <= stateMaxBytes ? state : undefined;
}

/** Reads an opened state. Undefined for any other format. */
export function readCallState(state: string): { readonly id: string; readonly members: CallMembers } | undefined {
  const object = asObject(tryReadJson(mendSurrogates(state)));
  const id = asText(object?.['call']);
  const members = asObject(object?.['members']);
  return object?.['v'] === version && id !== undefined && members !== undefined ? { id, members } : undefined;
}
