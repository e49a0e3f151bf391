import type { Target } from '@ccg/catalog';
import type { Clock } from '@ccg/kernel';
import { createTargetMemory } from './target-memory.ts';

/** Which fields of a request each model's server refused lately. */
export interface RefusedFields {
  of(target: Target): ReadonlySet<string>;
  add(target: Target, fields: readonly string[]): void;
}

const none: ReadonlySet<string> = new Set();

export function createRefusedFields(clock: Clock): RefusedFields {
  const memory = createTargetMemory<ReadonlySet<string>>(clock);
  return {
    of: (target) => memory.of(target) ?? none,
    add(target, fields) {
      memory.set(target, new Set([...(memory.of(target) ?? none), ...fields]));
    },
  };
}
