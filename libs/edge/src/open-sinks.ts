import type { TenantPrincipal } from '@ccg/tenancy';
import type { HeaderList } from '@ccg/wire';
import type { InterruptibleSink } from './response-sink.ts';

/** Who waits for an answer. */
export interface Waiting {
  readonly principal: TenantPrincipal;
  /** Of the request. */
  readonly headers: HeaderList;
}

/** The answers under way, to be ended when the process must go, or one of them before. */
export interface OpenSinks {
  /** Returns how to take the sink out again, to be called once. */
  add(sink: InterruptibleSink, waiting?: Waiting): () => void;
  list(): readonly InterruptibleSink[];
  /** Those for which somebody waits who is known. */
  waiting(): readonly (readonly [InterruptibleSink, Waiting])[];
}

/**
 * Keeps sinks in slots that are used again. A `Set` would leave its outgrown tables chained to the next ones, and V8's
 * quick garbage collections follow such a chain: whole requests would outlive their answers.
 */
export function createOpenSinks(): OpenSinks {
  const slots: (InterruptibleSink | undefined)[] = [];
  const waiters: (Waiting | undefined)[] = [];
  const free: number[] = [];
  return {
    add(sink, waiting) {
      const slot = free.pop() ?? slots.length;
      slots[slot] = sink;
      waiters[slot] = waiting;
      return () => {
        slots[slot] = undefined;
        waiters[slot] = undefined;
        free.push(slot);
      };
    },
    list: () => slots.filter((sink) => sink !== undefined),
    waiting: () =>
      slots.flatMap((sink, slot) => {
        const waiter = waiters[slot];
        return sink === undefined || waiter === undefined ? [] : [[sink, waiter] as const];
      }),
  };
}
