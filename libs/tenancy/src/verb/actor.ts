import { scopes } from '@ccg/kernel';
import type { Clock, Secret } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import type { RandomBytes } from '../credentials/api-key-format.ts';
import type { OnceClaim } from '../once/once.ts';
import type { Principal } from '../principal.ts';
import type { Origin } from '../records.ts';

/** Who asks for a verb, and in which request: both stand in the audit log. */
export interface Actor {
  readonly principal: Principal;
  readonly requestId: string;
  /** Set for what `gateway.yaml` says: what such an actor writes belongs to the file. */
  readonly origin?: Origin | undefined;
  /** Set where the request must have its effect once: its answer is written together with the change. */
  readonly once?: OnceClaim | undefined;
}

/** The secrets under which API keys are stored: new ones under the current, and older ones found under the previous. */
export interface Peppers {
  readonly current: Secret;
  readonly previous: readonly Secret[];
}

export interface TenancyDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly peppers: Peppers;
  readonly randomBytes: RandomBytes;
}

/** The gateway itself, which may do everything: at its start, and from its configuration. */
export function systemActor(name: string): Actor {
  const authorization = { scopes, policy: { kind: 'allow-all' }, limits: [] } as const;
  return { principal: { kind: 'operator', name, authorization }, requestId: name };
}

/** The gateway itself when it brings `gateway.yaml` into the store. */
export function fileActor(requestId: string): Actor {
  return { ...systemActor('gateway.yaml'), requestId, origin: 'file' };
}
