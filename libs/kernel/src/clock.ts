/** Time as an argument, so that tests own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds since some moment, with fractions. They never jump, so durations are measured in them. */
  monotonicMs(this: void): number;
  /** Calls back once after `delayMs`; the returned function cancels. Never keeps the process alive. */
  schedule(delayMs: number, callback: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  },
};

/** Starts to measure. The function tells the milliseconds since then, with fractions. */
export function startStopwatch({ monotonicMs }: Clock): () => number {
  const startMs = monotonicMs();
  return () => monotonicMs() - startMs;
}
