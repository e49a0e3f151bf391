import type { Clock } from '@ccg/kernel';

/** A token and when it expires, in the clock's time. */
export interface Token {
  readonly value: string;
  readonly expiresAtMs: number;
}

export interface TokenRefresherDependencies<T extends Token> {
  /** Gets a new token. `failures` is how often this failed in a row. */
  readonly fetchToken: (failures: number) => Promise<T>;
  readonly clock: Clock;
}

/** Keeps a token that is renewed before it expires, beside the requests that need it. */
export interface TokenRefresher<T extends Token> {
  /** The token; a promise where none is at hand. While the source fails, it rejects at once between two attempts. */
  token(): T | Promise<T>;
  /** A token in the place of one that was rejected; undefined where no other is to be had. */
  renew(rejected: T): Promise<T | undefined>;
  close(): void;
}

/** A token that expires within this time might expire on its way. */
const skewMs = 10_000;
const renewBeforeMs = 300_000;
const renewAfterMinMs = 10_000;
const backoffMaxMs = 60_000;
/** When a new token is rejected too, its age was not the reason. */
const renewedAgainMs = 30_000;

/** Creates a refresher, which begins with the first question. One fetch runs at a time, whoever waits for it. */
export function createTokenRefresher<T extends Token>(dependencies: TokenRefresherDependencies<T>): TokenRefresher<T> {
  const { fetchToken, clock } = dependencies;
  let held: T | undefined;
  let pending: Promise<T> | undefined;
  /** Set between a failure and the attempt after it. */
  let failure: { readonly error: unknown } | undefined;
  let failures = 0;
  let renewedAtMs = -Infinity;
  let isClosed = false;
  let cancel = (): void => {};

  function fetchAfter(delayMs: number): void {
    if (isClosed) return;
    cancel = clock.schedule(delayMs, () => {
      fetch().catch(() => {});
    });
  }

  function fetch(): Promise<T> {
    pending ??= begin().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  async function begin(): Promise<T> {
    cancel();
    failure = undefined;
    try {
      held = await fetchToken(failures);
    } catch (error) {
      failure = { error };
      failures += 1;
      fetchAfter(Math.min(backoffMaxMs, 1000 * 2 ** (failures - 1)));
      throw error;
    }
    failures = 0;
    const lifeMs = held.expiresAtMs - clock.now();
    fetchAfter(Math.max(renewAfterMinMs, lifeMs - Math.min(renewBeforeMs, lifeMs / 4)));
    return held;
  }

  return {
    token() {
      if (held !== undefined && clock.now() < held.expiresAtMs - skewMs) return held;
      if (pending === undefined && failure !== undefined) return Promise.reject(failure.error);
      return fetch();
    },
    async renew(rejected) {
      if (held !== undefined && held.value !== rejected.value) return held;
      if (pending === undefined && failure !== undefined) throw failure.error;
      if (pending === undefined && clock.now() - renewedAtMs < renewedAgainMs) return undefined;
      renewedAtMs = clock.now();
      const renewed = await fetch();
      return renewed.value === rejected.value ? undefined : renewed;
    },
    close() {
      isClosed = true;
      cancel();
    },
  };
}
