import { appendToolInput, newToolInput } from './tool-input.ts';
import type { ToolInput } from './tool-input.ts';

/** One delta of a tool call; what it does not say is undefined. Texts are contents of JSON string literals. */
export interface ToolFragment {
  readonly index: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly input: string | undefined;
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
 * index, then the order, and a fragment with a name after complete arguments is the next call.
 */
export function createToolCalls(): ToolCalls {
  const byId = new Map<string, ToolCall>();
  const byIndex = new Map<number, ToolCall>();
  let latest: ToolCall | undefined;

  function find({ index, id, name }: ToolFragment): ToolCall | undefined {
    const known = id === undefined ? undefined : byId.get(id);
    if (known !== undefined) return known;
    const candidate = index === undefined ? latest : byIndex.get(index);
    if (candidate === undefined) return undefined;
    if (id !== undefined) return candidate.id === '' && !startsAnother(candidate, name) ? candidate : undefined;
    return startsAnother(candidate, name) ? undefined : candidate;
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
      if (fragment.input !== undefined) appendToolInput(call.input, fragment.input);
      return call;
    },
  };
}

function startsAnother(call: ToolCall, name: string | undefined): boolean {
  return name !== undefined && call.name !== '' && call.input.scan.complete;
}
