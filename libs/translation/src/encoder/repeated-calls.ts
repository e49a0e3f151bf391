import type { ToolCall } from './tool-calls.ts';
import { inputKey } from './tool-input.ts';

/** The calls that were written, so that one that a server tells again under its id is not made twice. */
export interface RepeatedCalls {
  /** Whether a call with this id of the backend was written. */
  hasId(id: string): boolean;
  /** Whether a call with this id, this name and the same arguments was written. */
  isAgain(call: ToolCall): boolean;
  add(call: ToolCall): void;
}

/** Servers that give all calls one id are common, so the id alone tells nothing. */
export function createRepeatedCalls(): RepeatedCalls {
  const byId = new Map<string, ToolCall[]>();
  /** Of calls whose id came again: their arguments are compared only then. */
  const keys = new Set<string>();
  return {
    hasId: (id) => byId.has(id),
    isAgain(call) {
      const same = byId.get(call.id);
      if (same === undefined) return false;
      for (const written of same.splice(0)) keys.add(keyOf(written) ?? '');
      const key = keyOf(call);
      return key !== undefined && keys.has(key);
    },
    add(call) {
      if (call.id === '') return;
      const same = byId.get(call.id);
      if (same === undefined) byId.set(call.id, [call]);
      else same.push(call);
    },
  };
}

function keyOf({ id, name, input }: ToolCall): string | undefined {
  const key = inputKey(input);
  return key === undefined ? undefined : JSON.stringify([id, name, key]);
}
