import type { PromptTools, JsonValue } from '@ccg/wire';
import type { Warning } from '../warnings.ts';

/**
 * Caches what was converted from the lists of tools that clients send with every request of a session, by the digest of
 * their bytes. Entries belong to no client: the same bytes get the same entry.
 */
export interface ToolListCache {
  /** The list, read once. It is frozen, since many requests share it. */
  list(tools: PromptTools): JsonValue;
  /** The conversion of the list under this name. The name must hold everything else that the conversion depends on. */
  made(tools: PromptTools, name: string, make: () => ConvertedTools): ConvertedTools;
}

/** A dialect's form of a list of tools. */
export interface ConvertedTools {
  /** A list, or its JSON text. */
  readonly value: JsonValue;
  /** The backend's names, in order. */
  readonly names: readonly string[];
  readonly hasStrict: boolean;
  readonly warnings: readonly Warning[];
}

export interface ToolMemoryOptions {
  /** How many bytes of lists are kept. A list takes about four times its bytes in memory. */
  readonly maxBytes: number;
}

interface Remembered {
  readonly bytes: number;
  readonly list: JsonValue;
  readonly made: Map<string, ConvertedTools>;
}

/** A list is rarely converted for more models. */
const formsMax = 8;

export function createToolListCache({ maxBytes }: ToolMemoryOptions): ToolListCache {
  const lists = new Map<string, Remembered>();
  let total = 0;

  function recall(tools: PromptTools): Remembered {
    const digest = tools.digest();
    const known = lists.get(digest);
    const remembered = known ?? { bytes: tools.size, list: freeze(tools.read()), made: new Map() };
    // A map keeps the order of insertion: the entry that was used last moves to the end.
    lists.delete(digest);
    lists.set(digest, remembered);
    if (known === undefined) total += remembered.bytes;
    for (const [oldest, { bytes }] of lists) {
      if (total <= maxBytes || oldest === digest) break;
      lists.delete(oldest);
      total -= bytes;
    }
    return remembered;
  }

  return {
    list: (tools) => recall(tools).list,
    made(tools, name, make) {
      const { made } = recall(tools);
      const known = made.get(name);
      if (known !== undefined) return known;
      const converted = make();
      made.set(name, converted);
      const [oldest] = made.keys();
      if (made.size > formsMax && oldest !== undefined) made.delete(oldest);
      return converted;
    },
  };
}

function freeze(value: JsonValue): JsonValue {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
