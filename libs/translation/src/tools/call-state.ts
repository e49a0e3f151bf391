import { isEmptyText, isJsonObject, isText, mendSurrogates, writeJson } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import type { HistoryBlock } from '../history/history-block.ts';
import { asObject, asText, tryReadJson } from '../json-fields.ts';
import type { Sealer } from '../translation.ts';

/** What a backend wants back with a call besides its id, name and arguments. */
export type CallMembers = JsonObject;

const version = 1;
/** Signatures have some KB. */
const stateMaxBytes = 256 * 1024;

/** The texts, lists and objects of an object apart from these members. Undefined if there are none. */
export function membersBeyond(object: JsonObject, names: ReadonlySet<string>): CallMembers | undefined {
  const members = Object.entries(object).filter(([name, value]) => !names.has(name) && mayBeState(value));
  return members.length === 0 ? undefined : Object.fromEntries(members);
}

function mayBeState(value: JsonValue | undefined): boolean {
  if (isText(value)) return !isEmptyText(value);
  if (Array.isArray(value)) return value.length > 0;
  return isJsonObject(value) && Object.keys(value).length > 0;
}

/** Seals what a backend wants back with a call. `id` is the client's. Empty if it is too long to be sent. */
export function sealCall(id: string, members: CallMembers, sealer: Sealer): string {
  const state = writeJson({ v: version, call: id, members });
  return state.length <= stateMaxBytes ? sealer.seal(state) : '';
}

/**
 * What the backend wants back with the calls of an assistant turn, by their ids. A client may leave reasoning out of its
 * history; the calls are sent without it then. State of another backend, old or forged state is dropped without a warning.
 */
export function sealedMembers(blocks: readonly HistoryBlock[], { open }: Sealer): ReadonlyMap<string, CallMembers> {
  const found = new Map<string, CallMembers>();
  for (const { type, block } of blocks) {
    const sealed = type === 'redacted_thinking' ? asText(block['data']) : undefined;
    const opened = sealed === undefined ? undefined : open(sealed);
    const state = opened === undefined ? undefined : readCallState(opened);
    if (state !== undefined) found.set(state.id, state.members);
  }
  return found;
}

/** Reads an opened state. Undefined for any other format. */
function readCallState(state: string): { readonly id: string; readonly members: CallMembers } | undefined {
  const object = asObject(tryReadJson(mendSurrogates(state)));
  const id = asText(object?.['call']);
  const members = asObject(object?.['members']);
  return object?.['v'] === version && id !== undefined && members !== undefined ? { id, members } : undefined;
}
