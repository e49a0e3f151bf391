import type { Target } from '@ccg/catalog';
import type { Clock } from '@ccg/kernel';

/** What was learned lately about each model of a provider. */
export interface TargetCache<Value> {
  of(target: Target): Value | undefined;
  set(target: Target, value: Value): void;
}

/** Servers are updated, so what they refused is asked of them again some day. */
const rememberedMs = 60 * 60 * 1000;
/** Clients choose the names of models, so their number must have an end; the oldest is forgotten. */
const modelsMax = 1000;

/** Remembers in this process: each replica learns by itself, at the price of one call. */
export function createTargetCache<Value>(clock: Clock): TargetCache<Value> {
  const entries = new Map<string, { readonly value: Value; readonly untilMs: number }>();
  return {
    of(target) {
      const entry = entries.get(target.key);
      return entry === undefined || entry.untilMs <= clock.now() ? undefined : entry.value;
    },
    set(target, value) {
      const key = target.key;
      entries.delete(key);
      entries.set(key, { value, untilMs: clock.now() + rememberedMs });
      const [oldest] = entries.keys();
      if (entries.size > modelsMax && oldest !== undefined) entries.delete(oldest);
    },
  };
}
