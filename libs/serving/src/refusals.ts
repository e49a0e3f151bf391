import type { ModelLimits, Target } from '@ccg/catalog';
import type { Clock } from '@ccg/kernel';

/** What a model's server refused lately, and so will not be sent again for a while. */
export interface Refused {
  /** Fields of the request. */
  readonly fields: ReadonlySet<string>;
  /** More than these. */
  readonly limits: ModelLimits;
}

/** Remembers what each model's server refuses. */
export interface Refusals {
  of(target: Target): Refused;
  addFields(target: Target, fields: readonly string[]): void;
  /** What a new limit does not say, an older one still does. */
  addLimits(target: Target, limits: ModelLimits): void;
}

/** Servers are updated, so what they refused is asked of them again some day. */
const rememberedMs = 60 * 60 * 1000;
/** Clients choose the names of models, so their number must have an end; the oldest is forgotten. */
const modelsMax = 1000;

const nothing: Refused = { fields: new Set(), limits: { contextTokens: undefined, outputTokens: undefined } };

/** Remembers refusals in this process: each replica learns by itself, at the price of one call. */
export function createRefusals(clock: Clock): Refusals {
  const known = new Map<string, { readonly refused: Refused; readonly untilMs: number }>();

  function of(target: Target): Refused {
    const entry = known.get(keyOf(target));
    return entry === undefined || entry.untilMs <= clock.now() ? nothing : entry.refused;
  }

  function remember(target: Target, refused: Refused): void {
    const key = keyOf(target);
    known.delete(key);
    known.set(key, { refused, untilMs: clock.now() + rememberedMs });
    const [oldest] = known.keys();
    if (known.size > modelsMax && oldest !== undefined) known.delete(oldest);
  }

  return {
    of,
    addFields(target, fields) {
      const before = of(target);
      remember(target, { ...before, fields: new Set([...before.fields, ...fields]) });
    },
    addLimits(target, { contextTokens, outputTokens }) {
      const { fields, limits } = of(target);
      remember(target, {
        fields,
        limits: {
          contextTokens: contextTokens ?? limits.contextTokens,
          outputTokens: outputTokens ?? limits.outputTokens,
        },
      });
    },
  };
}

/** A provider's name has no colon. */
function keyOf({ provider, model }: Target): string {
  return `${provider.name}:${model}`;
}
