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

/** SIGHUP is the closed terminal's. */
const stopSignals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/** The copy comes within milliseconds; nobody presses Ctrl-C again so soon. */
const copyWithinMs = 500;

/**
 * Tells of the first signal to stop, and of every further one (`isRepeated`). The copy of the first that npm passes on
 * is not one, and neither is a SIGHUP: shell and terminal both send it. The returned function ends it.
 */
export function onStopSignal(options: StopSignalOptions, listener: (isRepeated: boolean) => void): () => void {
  const { throughNpm, source = process, clock = systemClock } = options;
  let firstAtMs: number | undefined;
  const hear = (isHangup: boolean) => {
    const isFirst = firstAtMs === undefined;
    firstAtMs ??= clock.now();
    const isCopy = !isFirst && (isHangup || (throughNpm && clock.now() - firstAtMs < copyWithinMs));
    if (!isCopy) listener(!isFirst);
  };
  const listeners = stopSignals.map((signal) => [signal, () => hear(signal === 'SIGHUP')] as const);
  for (const [signal, onSignal] of listeners) source.on(signal, onSignal);
  return () => {
    for (const [signal, onSignal] of listeners) source.off(signal, onSignal);
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
  // Writing to a terminal that was closed fails, and must not end the drain.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
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
