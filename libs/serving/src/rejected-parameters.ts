import type { ModelLimits, Target } from '@ccg/catalog';
import { createBoundedMap } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { UpstreamFailure } from '@ccg/translation';

/** What was learned lately about each target. */
export interface TargetCache<Value> {
  of(target: Target): Value | undefined;
  set(target: Target, value: Value): void;
}

/** Servers are updated, so after an hour they are asked again for what they refused. */
const rememberedMs = 60 * 60 * 1000;
/** Clients choose the names of models, so their number needs a bound. */
const modelsMax = 1000;

/** Remembers in this process: each replica learns by itself, at the price of one call. */
export function createTargetCache<Value>(clock: Clock): TargetCache<Value> {
  const entries = createBoundedMap<{ readonly value: Value; readonly untilMs: number }>(modelsMax);
  return {
    of({ key }) {
      const entry = entries.get(key);
      return entry === undefined || entry.untilMs <= clock.now() ? undefined : entry.value;
    },
    set({ key }, value) {
      entries.set(key, { value, untilMs: clock.now() + rememberedMs });
    },
  };
}

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
  /** A limit that `limits` leaves undefined keeps its older value. */
  addLimits(target: Target, limits: ModelLimits): void;
}

const nothing: Rejections = { fields: new Set(), limits: { contextTokens: undefined, outputTokens: undefined } };

export function createRejectedParameters(clock: Clock): RejectedParameters {
  const memory = createTargetCache<Rejections>(clock);
  const of = (target: Target) => memory.of(target) ?? nothing;
  return {
    of,
    addFields(target, fields) {
      const before = of(target);
      memory.set(target, { ...before, fields: new Set([...before.fields, ...fields]) });
    },
    addLimits(target, limits) {
      const before = of(target);
      memory.set(target, { ...before, limits: overriding(before.limits, limits) });
    },
  };
}

/** A limit stated in a rejection overrides known limits. */
export function overriding(known: ModelLimits, stated: ModelLimits): ModelLimits {
  return {
    contextTokens: stated.contextTokens ?? known.contextTokens,
    outputTokens: stated.outputTokens ?? known.outputTokens,
  };
}

/** What the next call of this request leaves out; undefined if another call would fare no better. */
export function withRejection(rejected: Rejections, retry: UpstreamFailure['retry']): Rejections | undefined {
  switch (retry.kind) {
    case 'none':
    case 'as-is':
      return undefined;
    case 'without':
    case 'once-without':
      return { ...rejected, fields: new Set([...rejected.fields, ...retry.fields]) };
    case 'shorter':
      return { ...rejected, limits: { ...rejected.limits, outputTokens: retry.outputTokens } };
  }
}

/** Keeps what a rejection says about the model, for the next requests. */
export function learnRejection(known: RejectedParameters, target: Target, retry: UpstreamFailure['retry']): void {
  if (retry.kind === 'without') known.addFields(target, retry.fields);
  if (retry.kind === 'shorter') known.addLimits(target, retry.limits);
}
