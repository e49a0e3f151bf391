import type { ModelLimits, Target } from '@ccg/catalog';
import { assertNever, createBoundedMap } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Rejection, UpstreamFailure } from '@ccg/translation';
import { modelsMax, rememberedMs } from './target-cache.ts';

/** How many rejections of one kind are remembered of one provider. @internal */
export interface LearnedCount {
  readonly provider: string;
  readonly kind: 'field' | 'message_field' | Exclude<Rejection['kind'], 'field'>;
  readonly count: number;
}

/** What each target's server was found to reject. Each rejection is forgotten by itself, an hour after it was learned. */
export interface LearnedRejections {
  /** The oldest first. */
  of(target: Target): readonly Rejection[];
  learn(target: Target, rejections: readonly Rejection[]): void;
  counts(): readonly LearnedCount[];
}

interface Entry {
  readonly rejection: Rejection;
  readonly untilMs: number;
}

interface TargetEntries {
  readonly provider: string;
  readonly byKey: Map<string, Entry>;
}

/** No server has so many: a bound for one that names something else each time. */
const rejectionsMax = 100;

/** Remembers in this process: each replica learns by itself, at the price of one call. */
export function createLearnedRejections(clock: Clock): LearnedRejections {
  const targets = createBoundedMap<TargetEntries>(modelsMax);

  function currentOf(target: Target): TargetEntries | undefined {
    const known = targets.get(target.key);
    if (known === undefined) return undefined;
    for (const [key, { untilMs }] of known.byKey) if (untilMs <= clock.now()) known.byKey.delete(key);
    return known;
  }

  return {
    of(target) {
      const { byKey } = currentOf(target) ?? {};
      return byKey === undefined ? [] : [...byKey.values()].map(({ rejection }) => rejection);
    },
    learn(target, rejections) {
      if (rejections.length === 0) return;
      const { byKey } = currentOf(target) ?? { byKey: new Map<string, Entry>() };
      for (const rejection of rejections.flatMap(eachLimit)) {
        const key = keyOf(rejection);
        byKey.delete(key);
        byKey.set(key, { rejection, untilMs: clock.now() + rememberedMs });
        const [oldest] = byKey.keys();
        if (byKey.size > rejectionsMax && oldest !== undefined) byKey.delete(oldest);
      }
      targets.set(target.key, { provider: target.provider.name, byKey });
    },
    counts() {
      const counts = new Map<string, LearnedCount>();
      for (const { provider, byKey } of targets.values()) {
        for (const { rejection, untilMs } of byKey.values()) {
          if (untilMs <= clock.now()) continue;
          const kind = countedKind(rejection);
          const key = `${kind} ${provider}`;
          counts.set(key, { provider, kind, count: (counts.get(key)?.count ?? 0) + 1 });
        }
      }
      return [...counts.values()];
    },
  };
}

function countedKind(rejection: Rejection): LearnedCount['kind'] {
  return rejection.kind === 'field' && rejection.path.includes('[]') ? 'message_field' : rejection.kind;
}

/** The limits of the prompt and of the answer are stated and forgotten independently. */
function eachLimit(rejection: Rejection): readonly Rejection[] {
  if (rejection.kind !== 'limit') return [rejection];
  const { contextTokens, outputTokens } = rejection.limits;
  const unsaid = { contextTokens: undefined, outputTokens: undefined };
  return [
    ...(contextTokens === undefined ? [] : [{ ...rejection, limits: { ...unsaid, contextTokens } }]),
    ...(outputTokens === undefined ? [] : [{ ...rejection, limits: { ...unsaid, outputTokens } }]),
  ];
}

/** A later rejection with the same key replaces an earlier one. */
function keyOf(rejection: Rejection): string {
  const { kind } = rejection;
  switch (kind) {
    case 'field':
      return [kind, rejection.path, ...(rejection.when ?? [])].join(' ');
    case 'value':
      return [kind, rejection.path, ...rejection.refused, ...(rejection.when ?? [])].join(' ');
    case 'capacity':
      return `${kind} ${rejection.what}`;
    case 'schema':
      return `${kind} ${typeof rejection.without === 'object' ? `keyword ${rejection.without.keyword}` : rejection.without}`;
    case 'limit':
      return `${kind} ${rejection.limits.contextTokens === undefined ? 'output' : 'context'}`;
    case 'form':
      return `${kind} ${rejection.form}`;
    default:
      return assertNever(kind);
  }
}

/** The known limits of a model, overridden by those that its server stated when it rejected something. */
export function overridingLimits(known: ModelLimits, rejections: readonly Rejection[]): ModelLimits {
  let { contextTokens, outputTokens } = known;
  for (const rejection of rejections) {
    if (rejection.kind !== 'limit') continue;
    contextTokens = rejection.limits.contextTokens ?? contextTokens;
    outputTokens = rejection.limits.outputTokens ?? outputTokens;
  }
  return { contextTokens, outputTokens };
}

/** What a request is changed by before it is sent again, and what of that is remembered for other requests. */
interface Changes {
  readonly applied: readonly Rejection[];
  readonly learned: readonly Rejection[];
}

/** Whether one of the changes is not made already. To ask again without one would give the same answer. */
export function addsTo(known: readonly Rejection[], changes: readonly Rejection[]): boolean {
  const made = new Set(known.map((rejection) => JSON.stringify(rejection)));
  return changes.some((rejection) => !made.has(JSON.stringify(rejection)));
}

/** Undefined if nothing can be changed that would help. */
export function changesFor(retry: UpstreamFailure['retry']): Changes | undefined {
  switch (retry.kind) {
    case 'none':
      return undefined;
    case 'changed':
      return { applied: retry.rejections, learned: retry.isLearned ? retry.rejections : [] };
    case 'shorter': {
      const { outputTokens, limits } = retry;
      const learned: Rejection = { kind: 'limit', limits };
      return { applied: [learned, { kind: 'limit', limits: { ...limits, outputTokens } }], learned: [learned] };
    }
  }
}
