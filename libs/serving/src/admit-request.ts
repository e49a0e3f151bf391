import type { Admission } from '@ccg/admission';
import type { Clock } from '@ccg/kernel';
import type { HeaderList } from '@ccg/wire';
import type { Digest } from './estimate-prompt.ts';
import { limitedError, limitHeaders } from './limit-answers.ts';
import type { ServeRequest } from './request.ts';
import { limitsOfRequest } from './request-limits.ts';
import type { LimitedWork } from './request-limits.ts';
import { amountsOf } from './settle-request.ts';
import type { Known } from './settle-request.ts';

interface Admitted {
  /** What an answer says of the limits. */
  readonly headers: HeaderList;
  /** Ends the leases and settles what was used, in the background: an answer never waits for it. */
  settle(used: Known): void;
}

/** Admits a request. Its lease is kept alive until it is settled. Rejects with `GatewayError` `rate-limited`. */
export type Admit = (request: Pick<ServeRequest, 'principal' | 'requestId'>, work: LimitedWork) => Promise<Admitted>;

export interface AdmitDependencies {
  readonly admission: Admission;
  readonly digest: Digest;
  readonly clock: Clock;
}

export function createAdmit({ admission, digest, clock }: AdmitDependencies): Admit {
  return async ({ principal, requestId }, work) => {
    const known = limitsOfRequest(principal, work, digest);
    const limits = known.map(({ limit }) => limit);
    const decision = await admission.admit({
      tenant: principal.tenant,
      requestId,
      limits,
      output: undefined,
      record: '',
    });
    if (decision.kind === 'admitted') {
      return {
        headers: limitHeaders(known, decision.states, clock.now()),
        settle: (used) => void decision.reservation.settle({ amounts: amountsOf(known, work, used), record: '' }),
      };
    }
    if (decision.kind === 'unreadable') throw new Error('No limit is closed yet.');
    const { refused } = decision;
    const refusing = known.find(({ limit }) => limit === refused.limit);
    if (refusing === undefined) throw new Error('A limit refused that was not asked for.');
    throw limitedError(refusing, refused.retryAfterMs, clock.now());
  };
}
