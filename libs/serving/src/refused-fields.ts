import type { Target } from '@ccg/catalog';
import type { Clock } from '@ccg/kernel';

/** Which fields of a request each model's server refused lately. */
export interface RefusedFields {
  of(target: Target): ReadonlySet<string>;
  add(target: Target, fields: readonly string[]): void;
}

interface Refusal {
  readonly fields: ReadonlySet<string>;
  readonly untilMs: number;
}

/** Servers are updated, so what they refused is asked of them again some day. */
const rememberedMs = 60 * 60 * 1000;
/** Clients choose the names of models, so their number must have an end; the oldest is forgotten. */
const modelsMax = 1000;

/** Remembers refusals in this process: each replica learns by itself, at the price of one call. */
export function createRefusedFields(clock: Clock): RefusedFields {
  const refusals = new Map<string, Refusal>();

  function fieldsOf(key: string): ReadonlySet<string> {
    const refusal = refusals.get(key);
    return refusal === undefined || refusal.untilMs <= clock.now() ? new Set() : refusal.fields;
  }

  return {
    of: (target) => fieldsOf(keyOf(target)),
    add(target, fields) {
      const key = keyOf(target);
      const known = fieldsOf(key);
      refusals.delete(key);
      refusals.set(key, { fields: new Set([...known, ...fields]), untilMs: clock.now() + rememberedMs });
      const [oldest] = refusals.keys();
      if (refusals.size > modelsMax && oldest !== undefined) refusals.delete(oldest);
    },
  };
}

/** A provider's name has no colon. */
function keyOf({ provider, model }: Target): string {
  return `${provider.name}:${model}`;
}
