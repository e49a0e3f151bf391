import type { Clock } from '@ccg/kernel';

export interface BreakerOptions {
  readonly clock: Clock;
  /** Consecutive failures that open it. */
  readonly threshold: number;
  /** Milliseconds between probes while it is open. */
  readonly probeIntervalMs: number;
  /** Asks the other side for a sign of life; a rejection keeps the breaker open. */
  readonly probe: () => Promise<unknown>;
  readonly onChange: () => void;
}

/** Stops asking what keeps failing. Requests never serve as probes: while it is open every one of them fails at once. */
export interface Breaker {
  isOpen(): boolean;
  succeeded(): void;
  failed(): void;
  /** Ends its timer. */
  close(): void;
}

export function createBreaker(options: BreakerOptions): Breaker {
  let failures = 0;
  let open = false;
  let cancelProbe = (): void => {};

  function shut(): void {
    failures = 0;
    if (!open) return;
    open = false;
    cancelProbe();
    options.onChange();
  }

  function scheduleProbe(): void {
    cancelProbe = options.clock.schedule(options.probeIntervalMs, () => {
      options.probe().then(shut, () => {
        if (open) scheduleProbe();
      });
    });
  }

  return {
    isOpen: () => open,
    succeeded: shut,
    failed() {
      failures += 1;
      if (open || failures < options.threshold) return;
      open = true;
      scheduleProbe();
      options.onChange();
    },
    close() {
      open = false;
      cancelProbe();
    },
  };
}
