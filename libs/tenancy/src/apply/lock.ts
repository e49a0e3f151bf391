import { loadScript, StoreUnavailableError } from '@ccg/store';
import type { TenancyDependencies } from '../verb/actor.ts';

const script = loadScript(new URL('./lock.lua', import.meta.url));

/** A process that died lets go after this time. */
const heldMs = 30_000;
const renewedEveryMs = heldMs / 3;
const askedEveryMs = 200;
const tokenBytes = 16;

type LockDependencies = Pick<TenancyDependencies, 'store' | 'clock' | 'randomBytes'>;

export interface HeldLock {
  /** Throws StoreUnavailableError where another process may have the lock by now. */
  assertHeld(): void;
}

/**
 * Does work that only one process may do at a time. `busy`: another one was at it for all of `waitMs`, and nothing was
 * done. The lock is renewed while the work lasts.
 */
export async function withApplyLock<Value>(
  deps: LockDependencies,
  waitMs: number,
  work: (lock: HeldLock) => Promise<Value>,
): Promise<{ readonly kind: 'worked'; readonly value: Value } | { readonly kind: 'busy' }> {
  const { store, clock } = deps;
  const key = store.redisKeys.applyLock();
  const token = Buffer.from(deps.randomBytes(tokenBytes)).toString('hex');
  if (!(await take(deps, key, token, waitMs))) return { kind: 'busy' };
  let heldUntilMs = clock.now() + heldMs;
  let cancel = (): void => {};
  const renewLater = (): void => {
    cancel = clock.schedule(renewedEveryMs, () => {
      const askedAtMs = clock.now();
      store.run(script, [key], [token, heldMs]).then(
        (isOurs) => {
          heldUntilMs = isOurs === 1 ? askedAtMs + heldMs : 0;
          if (isOurs === 1) renewLater();
        },
        // Redis may be back before the lock has lapsed.
        renewLater,
      );
    });
  };
  renewLater();
  try {
    const value = await work({
      assertHeld() {
        if (clock.now() < heldUntilMs) return;
        throw new StoreUnavailableError('refused', 'the lock of an apply was lost; another apply completes it');
      },
    });
    return { kind: 'worked', value };
  } finally {
    cancel();
    // If this fails, the lock lapses by itself.
    await store.run(script, [key], [token, '']).catch(() => {});
  }
}

async function take({ store, clock }: LockDependencies, key: string, token: string, waitMs: number): Promise<boolean> {
  const startedAtMs = clock.now();
  for (;;) {
    await store.command('set', [key, token, 'NX', 'PX', heldMs]);
    if ((await store.command('get', [key])) === token) return true;
    if (clock.now() - startedAtMs >= waitMs) return false;
    await new Promise<void>((resolve) => {
      clock.schedule(askedEveryMs, resolve);
    });
  }
}
