import { createBoundedMap } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** `slowed`: too many bad credentials came from there; milliseconds until one more may be looked up. */
export type LookUp = { readonly kind: 'allowed' } | { readonly kind: 'slowed'; readonly retryAfterMs: number };

/** Keeps whoever guesses credentials from keeping the store busy. */
export interface BadCredentials {
  /** To be asked before a credential is looked up that is not known to be good. */
  mayLookUp(source: string): Promise<LookUp>;
  /** Tells of a credential that proved bad. */
  noteBad(source: string, fingerprint: string): Promise<void>;
}

/** @internal */
export const badCredentialsMax = 30;
/** @internal */
export const badCredentialsWindowSeconds = 60;
/** @internal */
export const slowLookUpsPerSecond = 5;

/** How many bad credentials are remembered, so that a client that repeats its mistake counts once. */
const rememberedMax = 10_000;

/**
 * Counts the bad credentials of each source, in this process alone: it must work when Redis does not. A source with too
 * many is slowed, never locked out, since one attacker must not keep out all who come through the same proxy.
 */
export function createBadCredentials(clock: Clock): BadCredentials {
  const bad = new RateLimiterMemory({ points: badCredentialsMax, duration: badCredentialsWindowSeconds });
  const lookUps = new RateLimiterMemory({ points: slowLookUpsPerSecond, duration: 1 });
  const seen = createBoundedMap<number>(rememberedMax);
  return {
    async mayLookUp(source) {
      const count = await bad.get(source);
      if (count === null || count.consumedPoints < badCredentialsMax) return { kind: 'allowed' };
      return await consume(lookUps, source);
    },
    async noteBad(source, fingerprint) {
      const key = `${source} ${fingerprint}`;
      const now = clock.now();
      const at = seen.get(key);
      if (at !== undefined && now >= at && now - at < badCredentialsWindowSeconds * 1000) return;
      seen.set(key, now);
      await consume(bad, source);
    },
  };
}

/** The limiter rejects with its result where the limit is reached. */
async function consume(limiter: RateLimiterMemory, source: string): Promise<LookUp> {
  try {
    await limiter.consume(source);
    return { kind: 'allowed' };
  } catch (thrown) {
    if (!(thrown instanceof RateLimiterRes)) throw thrown;
    return { kind: 'slowed', retryAfterMs: thrown.msBeforeNext };
  }
}
