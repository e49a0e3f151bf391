import type { Target } from '@ccg/catalog';
import { createBoundedMap } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';

/** What was learned lately about each target. */
export interface TargetCache<Value> {
  of(target: Target): Value | undefined;
  /** For an hour, or as long as is said. */
  set(target: Target, value: Value, forMs?: number): void;
}

/** Servers are updated, so after an hour they are asked again for what they refused. */
export const rememberedMs = 60 * 60 * 1000;
/** Clients choose the names of models, so their number needs a bound. */
export const modelsMax = 1000;

/** Remembers in this process: each replica learns by itself, at the price of one call. */
export function createTargetCache<Value>(clock: Clock): TargetCache<Value> {
  const entries = createBoundedMap<{ readonly value: Value; readonly untilMs: number }>(modelsMax);
  return {
    of({ key }) {
      const entry = entries.get(key);
      return entry === undefined || entry.untilMs <= clock.now() ? undefined : entry.value;
    },
    set({ key }, value, forMs = rememberedMs) {
      entries.set(key, { value, untilMs: clock.now() + forMs });
    },
  };
}
