import type { ItemClaim, Transitions } from '@ccg/batches';
import { ReaderGoneError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';

interface KeepClaimDependencies {
  readonly transitions: Pick<Transitions, 'renew'>;
  readonly clock: Clock;
  /** How long a claim holds that is not renewed. */
  readonly claimMs: number;
  /** Aborts when a worker that stops waits no longer. */
  readonly stopping: AbortSignal;
}

interface KeptClaim {
  /** Aborts when the item should not go on, or the worker stops. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** Renews a claim while its item runs. */
export function keepClaim(
  { transitions, clock, claimMs, stopping }: KeepClaimDependencies,
  claim: ItemClaim,
): KeptClaim {
  const lost = new AbortController();
  let cancel = (): void => {};
  let isStopped = false;
  const renew = async (): Promise<void> => {
    // While Redis is away nobody else can claim it either.
    const isOurs = await transitions.renew(claim).catch(() => true);
    if (!isOurs) lost.abort(new ReaderGoneError('client-gone'));
    else if (!isStopped) schedule();
  };
  function schedule(): void {
    cancel = clock.schedule(claimMs / 3, () => void renew());
  }
  schedule();
  return {
    signal: AbortSignal.any([lost.signal, stopping]),
    stop() {
      isStopped = true;
      cancel();
    },
  };
}
