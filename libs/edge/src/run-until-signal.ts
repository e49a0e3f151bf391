import { systemClock } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';

interface StopSignalSource {
  on(signal: string, listener: () => void): unknown;
  off(signal: string, listener: () => void): unknown;
}

export interface StopSignalOptions {
  /** Whether npm started this process. It passes on the signals that it gets, and Ctrl-C reaches it and us. */
  readonly throughNpm: boolean;
  readonly source?: StopSignalSource;
  readonly clock?: Clock;
}

const stopSignals = ['SIGTERM', 'SIGINT'] as const;
/** The copy comes within milliseconds; nobody presses Ctrl-C again so soon. */
const copyWithinMs = 500;

/**
 * Tells of the first signal to stop, and of every further one (`isRepeated`). The copy of the first that npm passes on
 * is not one. The returned function ends it.
 */
export function onStopSignal(options: StopSignalOptions, listener: (isRepeated: boolean) => void): () => void {
  const { throughNpm, source = process, clock = systemClock } = options;
  let firstAtMs: number | undefined;
  const hear = () => {
    const isFirst = firstAtMs === undefined;
    firstAtMs ??= clock.now();
    const isCopy = !isFirst && throughNpm && clock.now() - firstAtMs < copyWithinMs;
    if (!isCopy) listener(!isFirst);
  };
  for (const signal of stopSignals) source.on(signal, hear);
  return () => {
    for (const signal of stopSignals) source.off(signal, hear);
  };
}

export interface RunOptions extends StopSignalOptions {
  /** Runs when everything is drained. */
  readonly onClosed?: () => Promise<void>;
}

/** Drains at the first signal to stop and exits 0; a second signal exits 1 at once. */
export function runUntilSignal(running: { drain(): Promise<void> }, options: RunOptions): void {
  const close = async () => {
    await running.drain();
    await options.onClosed?.();
  };
  onStopSignal(options, (isRepeated) => {
    if (isRepeated) process.exit(1);
    close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`Closing failed: ${String(error)}\n`);
        process.exit(1);
      },
    );
  });
}
