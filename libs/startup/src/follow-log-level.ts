import type { Clock } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import { logLevels } from '@ccg/telemetry';
import type { Logger, LogLevel } from '@ccg/telemetry';
import { parseLogLevel, readLogLevel } from '@ccg/tenancy';
import type { LogLevelChange } from '@ccg/tenancy';

interface FollowOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The level to fall back to. */
  readonly logLevel: LogLevel;
}

/** How soon a change is seen whose message was lost. */
const readIntervalMs = 15_000;

/** Gives a log the level that operators set for a while, and takes it back when that is over. Returns how to end. */
export function followLogLevel({ store, clock, logger, logLevel }: FollowOptions): () => void {
  let cancelFallBack = () => {};
  let cancelRead = () => {};
  let isClosed = false;

  function setLevel(level: LogLevel): void {
    if (logger.level === level) return;
    // Told at a level that shows it both before and after.
    logger.warn({ from: logger.level, to: level }, 'the level of the log changes');
    logger.level = level;
  }

  function apply({ level: name, untilMs }: LogLevelChange): void {
    const level = logLevels.find((known) => known === name);
    if (level === undefined || isClosed) return;
    cancelFallBack();
    const leftMs = untilMs - clock.now();
    if (leftMs <= 0) {
      setLevel(logLevel);
      return;
    }
    setLevel(level);
    cancelFallBack = clock.schedule(leftMs, () => {
      setLevel(logLevel);
    });
  }

  async function readNow(): Promise<void> {
    try {
      const change = await readLogLevel(store);
      if (change !== undefined) apply(change);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
    }
  }

  function readAgain(): void {
    void readNow();
    cancelRead = clock.schedule(readIntervalMs, readAgain);
  }

  const subscription = store.subscribe(store.redisKeys.logLevelChanges(), (message) => {
    const change = parseLogLevel(message);
    if (change !== undefined) apply(change);
  });
  readAgain();
  return () => {
    isClosed = true;
    cancelFallBack();
    cancelRead();
    subscription.cancel();
  };
}
