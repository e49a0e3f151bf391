import { createLocalJWKSet } from 'jose';
import type { JSONWebKeySet, LocalJWKSet } from 'jose';
import type { Clock } from '@ccg/kernel';

export interface IssuerKeysOptions {
  /** Gets the text of the key set (JWKS), within a bounded time and of a bounded size. */
  readonly load: () => Promise<string>;
  readonly clock: Clock;
  /** From 0 to 1: replicas that start together do not ask together. */
  readonly random: () => number;
  /** Called after every attempt; undefined is a success. */
  readonly onLoaded?: ((fault: Error | undefined) => void) | undefined;
}

/** The keys of one issuer, loaded in the background alone: no request waits for them. */
export interface IssuerKeys {
  /** The last set that was loaded; undefined where there was none within a day. */
  current(): LocalJWKSet | undefined;
  /** How long ago that set was loaded; Infinity: never. */
  ageMs(): number;
  /** To be called for a key that the set does not have. The set is loaded again, at most twice a minute. */
  missed(): void;
  /** Resolves after the first attempt, successful or not. */
  readonly started: Promise<void>;
  close(): void;
}

/** @internal */
export const refreshIntervalMs = 300_000;
/** @internal */
export const keptMs = 24 * 3_600_000;
/** @internal */
export const missedIntervalMs = 30_000;
const firstRetryMs = 5000;

/** Loads the keys of an issuer at once and every 5 minutes. While that fails, the last set is kept for a day. */
export function createIssuerKeys({ load, clock, random, onLoaded }: IssuerKeysOptions): IssuerKeys {
  let last: { readonly set: LocalJWKSet; readonly at: number } | undefined;
  let failures = 0;
  let running: Promise<void> | undefined;
  let missedAt = -Infinity;
  let isClosed = false;
  let cancel = (): void => {};

  async function attempt(): Promise<void> {
    cancel();
    let fault: Error | undefined;
    try {
      last = { set: createLocalJWKSet(readKeySet(await load())), at: clock.now() };
      failures = 0;
    } catch (thrown) {
      fault = thrown instanceof Error ? thrown : new Error(String(thrown));
      failures += 1;
    }
    running = undefined;
    if (isClosed) return;
    cancel = clock.schedule(delayMs(), refresh);
    onLoaded?.(fault);
  }

  /** A tenth more or less. */
  function delayMs(): number {
    const pauseMs =
      failures === 0 ? refreshIntervalMs : Math.min(firstRetryMs * 2 ** (failures - 1), refreshIntervalMs);
    return Math.round(pauseMs * (0.9 + 0.2 * random()));
  }

  function refresh(): void {
    running ??= attempt();
  }

  refresh();
  return {
    current: () => (last !== undefined && clock.now() - last.at < keptMs ? last.set : undefined),
    ageMs: () => (last === undefined ? Infinity : clock.now() - last.at),
    missed() {
      const now = clock.now();
      if (now >= missedAt && now - missedAt < missedIntervalMs) return;
      missedAt = now;
      refresh();
    },
    started: running ?? Promise.resolve(),
    close() {
      isClosed = true;
      cancel();
    },
  };
}

/** A set without a key would lock everybody out, so it counts as a failure. */
function readKeySet(text: string): JSONWebKeySet {
  const document: unknown = JSON.parse(text);
  if (!isKeySet(document)) throw new Error('It is not a JSON Web Key Set with at least one key.');
  return document;
}

function isKeySet(document: unknown): document is JSONWebKeySet {
  if (typeof document !== 'object' || document === null || !('keys' in document)) return false;
  const { keys } = document;
  return Array.isArray(keys) && keys.some((key: unknown) => typeof key === 'object' && key !== null && 'kty' in key);
}
