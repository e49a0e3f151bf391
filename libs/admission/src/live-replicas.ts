import type { Clock } from '@ccg/kernel';
import { createScript, loadScript, StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';

export interface LiveReplicasOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Tells this replica from all others. */
  readonly id: string;
  /** Milliseconds between two beats; 5 s unless given. After three of them without a beat a replica counts as gone. */
  readonly intervalMs?: number | undefined;
  /** Called with each count. */
  readonly onCount?: ((count: number) => void) | undefined;
  /** Called when Redis rejects a beat: a fault of ours, for the log. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** How many replicas share one Redis. */
export interface LiveReplicas {
  /** As last known, and at least 1: while Redis is away it stays what it was. It asks nobody. */
  count(this: void): number;
  /** Ends the beats, and has the others count one less at once. Never rejects. */
  leave(): Promise<void>;
}

const beat = loadScript(new URL('./heartbeat.lua', import.meta.url));
const goodbye = createScript("return redis.call('ZREM', KEYS[1], ARGV[1])");
const beatsUntilGone = 3;

/** Beats for this replica until it leaves, in the background. Resolves after the first beat, answered or not. */
export async function joinLiveReplicas(options: LiveReplicasOptions): Promise<LiveReplicas> {
  const { store, clock, id, intervalMs = 5000, onCount, onFault } = options;
  const keys = [store.redisKeys.liveReplicas()];
  let count = 1;
  let hasLeft = false;
  let cancel = (): void => {};

  const note = (error: unknown): void => {
    // The next beat may be answered; until then the last count holds.
    if (!(error instanceof StoreUnavailableError)) onFault?.(error);
  };

  async function beatOnce(): Promise<void> {
    try {
      count = Math.max(1, Number(await store.run(beat, keys, [id, intervalMs * beatsUntilGone])));
      onCount?.(count);
    } catch (error) {
      note(error);
    }
    if (!hasLeft) cancel = clock.schedule(intervalMs, () => void beatOnce());
  }

  await beatOnce();
  return {
    count: () => count,
    async leave() {
      hasLeft = true;
      cancel();
      await store.run(goodbye, keys, [id]).catch(note);
    },
  };
}
