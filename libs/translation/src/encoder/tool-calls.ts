import { isBlank } from './blank.ts';
import { appendToolInput, newToolInput } from './tool-input.ts';
import type { ToolInput } from './tool-input.ts';

/** One delta of a tool call; what it does not say is undefined. Texts are contents of JSON string literals. */
export interface ToolFragment {
  readonly index: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly input: string | undefined;
  /** Whether this is all of the call, as in an answer that is no stream. */
  readonly whole: boolean;
}

/** One tool call as it comes in. */
export interface ToolCall {
  id: string;
  name: string;
  readonly input: ToolInput;
}

/** Finds the call that a fragment belongs to. */
export interface ToolCalls {
  /** Adds the fragment to its call, and says which that is. */
  add(fragment: ToolFragment): ToolCall;
}

/**
 * Tells tool calls apart. Servers give all parallel calls the index 0, repeat the id or the name on every
 * fragment, leave the id empty after the first, or send neither id nor index: so an id counts most, then the
 * index, then the order; another name, or new arguments after complete ones, are the next call.
 */
export function createToolCalls(): ToolCalls {
  const byId = new Map<string, ToolCall>();
  const byIndex = new Map<number, ToolCall>();
  let latest: ToolCall | undefined;

  function find(fragment: ToolFragment): ToolCall | undefined {
    if (fragment.whole) return undefined;
    const { index, id } = fragment;
    const known = id === undefined ? undefined : byId.get(id);
    const candidate = known ?? (index === undefined ? latest : byIndex.get(index));
    if (candidate === undefined || startsAnother(candidate, fragment)) return undefined;
    // A new id is another call, unless the call has been waiting for its id.
    return known !== undefined || id === undefined || candidate.id === '' ? candidate : undefined;
  }

  return {
    add(fragment) {
      const call = find(fragment) ?? { id: '', name: '', input: newToolInput() };
      latest = call;
      if (fragment.index !== undefined) byIndex.set(fragment.index, call);
      if (fragment.id !== undefined) {
        if (call.id === '') call.id = fragment.id;
        byId.set(fragment.id, call);
      }
      // A repeated name is the same name again, never a piece of one.
      if (call.name === '' && fragment.name !== undefined) call.name = fragment.name;
      if (fragment.input !== undefined && !isRepeat(call, fragment)) appendToolInput(call.input, fragment.input);
      return call;
    },
  };
}

function startsAnother(call: ToolCall, fragment: ToolFragment): boolean {
  if (fragment.name === undefined || call.name === '') return false;
  if (fragment.name !== call.name) return true;
  return call.input.scan.complete && !isBlank(fragment.input ?? '') && !isRepeat(call, fragment);
}

/** Some servers send a finished call once more, whole. */
function isRepeat({ id, input }: ToolCall, fragment: ToolFragment): boolean {
  return (
    fragment.id !== undefined && fragment.id === id && input.scan.complete && fragment.input === input.pieces.join('')
  );
}
