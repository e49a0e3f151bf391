import type { JsonObject } from '@ccg/wire';
import { asObject } from '../../json-fields.ts';
import { membersBeyond } from '../../tools/call-state.ts';
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
  return ofFunction === undefined ? members : { ...members, function: ofFunction };
}
