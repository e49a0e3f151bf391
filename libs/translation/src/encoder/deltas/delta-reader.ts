import type { JsonObject } from '@ccg/wire';
import { matchDelta } from './delta-template.ts';
import type { DeltaTemplate } from './delta-template.ts';
import { countedIn, learnDelta } from './learn-delta.ts';
import type { DeltaForm } from './learn-delta.ts';

/** Recognises the deltas of one answer that differ from an earlier one in their text and their counts alone. */
export interface DeltaReader {
  /** Tells such a delta; false for anything else, which has to be parsed. */
  known(this: void, data: string): boolean;
  /** Takes a chunk that was parsed. Returns whether later ones are recognised by it. */
  learn(json: string, chunk: JsonObject): boolean;
  /** What was learned holds no more. */
  forget(): void;
}

/** What is known of a delta besides its text. */
export interface KnownDelta<Kind> {
  readonly kind: Kind;
  /** The object that holds the counts, as the latest delta has it. */
  readonly counts: JsonObject | undefined;
}

/** After so many chunks in a row without a match no more templates are made. */
const missesMax = 16;

/** `tell` takes the text of a delta, the content of a JSON string literal. */
export function createDeltaReader<Kind>(
  form: DeltaForm<Kind>,
  tell: (literal: string, delta: KnownDelta<Kind>) => void,
): DeltaReader {
  let open: { readonly template: DeltaTemplate; readonly kind: Kind; counts: JsonObject | undefined } | undefined;
  let misses = 0;

  function learned(json: string, chunk: JsonObject): typeof open {
    const delta = form.read(chunk);
    const template = delta === undefined ? undefined : learnDelta(form, json, delta);
    if (delta === undefined || template === undefined) return undefined;
    const counts = form.counts === undefined || form.counts.of !== undefined ? countedIn(form, chunk) : {};
    return { template, kind: delta.kind, counts };
  }

  return {
    known(data) {
      const literal = open === undefined ? undefined : matchDelta(open.template, data);
      if (open === undefined || literal === undefined) return false;
      misses = 0;
      if (open.counts !== undefined) open.counts = { ...open.counts, ...latestCounts(open.template) };
      tell(literal, open);
      return true;
    },
    learn(json, chunk) {
      if (misses >= missesMax) return false;
      misses += 1;
      const found = learned(json, chunk);
      open = found ?? open;
      return found !== undefined;
    },
    forget() {
      open = undefined;
    },
  };
}

function latestCounts({ slots }: DeltaTemplate): JsonObject {
  const counts: Record<string, number> = {};
  for (const { count, latest } of slots) if (count !== undefined) counts[count] = latest;
  return counts;
}
