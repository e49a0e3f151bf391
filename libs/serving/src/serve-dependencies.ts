import type { Clock } from '@ccg/kernel';
import type { Admission } from '@ccg/admission';
import type { Catalog, Targets } from '@ccg/catalog';
import type { Metrics } from '@ccg/telemetry';
import type { IdSource, ToolListCache } from '@ccg/translation';
import type { Upstream } from '@ccg/upstream';
import type { TokenCounting } from './estimate-prompt.ts';
import type { Digest } from './prompt-of.ts';
import type { RejectedParameters } from './rejected-parameters.ts';
import type { Sealing } from './sealing/create-sealing.ts';
import type { TargetCache } from './target-cache.ts';

/** What every request is served with. */
export interface ServeDependencies {
  readonly catalog: Catalog;
  readonly targets: Targets;
  readonly admission: Admission;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly sealing: Sealing;
  readonly metrics: Metrics;
  readonly tokens: TokenCounting;
  readonly digest: Digest;
  readonly toolListCache: ToolListCache;
  readonly rejectedParameters: RejectedParameters;
  /** The models whose servers speak Anthropic's dialect and do not count. */
  readonly uncounted: TargetCache<true>;
}
