import type { ModelLimits, Target } from '@ccg/catalog';
import type { Clock } from '@ccg/kernel';
import { createTargetCache } from './target-cache.ts';

/** What a model's server refused lately, and so will not be sent again for a while. */
export interface Rejections {
  /** Fields of the request. */
  readonly fields: ReadonlySet<string>;
  /** More than these. */
  readonly limits: ModelLimits;
}

/** Remembers what each model's server refuses. */
export interface RejectedParameters {
  of(target: Target): Rejections;
  addFields(target: Target, fields: readonly string[]): void;
  /** What a new limit does not say, an older one still does. */
  addLimits(target: Target, limits: ModelLimits): void;
}

const nothing: Rejections = { fields: new Set(), limits: { contextTokens: undefined, outputTokens: undefined } };

/** Remembers in this process, for as long as servers may be expected not to change. */
export function createRejectedParameters(clock: Clock): RejectedParameters {
  const memory = createTargetCache<Rejections>(clock);
  const of = (target: Target) => memory.of(target) ?? nothing;
  return {
    of,
    addFields(target, fields) {
      const before = of(target);
      memory.set(target, { ...before, fields: new Set([...before.fields, ...fields]) });
    },
    addLimits(target, { contextTokens, outputTokens }) {
      const { fields, limits } = of(target);
      memory.set(target, {
        fields,
        limits: {
          contextTokens: contextTokens ?? limits.contextTokens,
          outputTokens: outputTokens ?? limits.outputTokens,
        },
      });
    },
  };
}
