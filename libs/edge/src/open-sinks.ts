import type { InterruptibleSink } from './response-sink.ts';

/** The answers under way, to be ended when the process must go. */
export interface OpenSinks {
  /** Returns how to take the sink out again, to be called once. */
  add(sink: InterruptibleSink): () => void;
  list(): readonly InterruptibleSink[];
}

/**
 * Keeps sinks in slots that are used again. A `Set` would leave its outgrown tables chained to the next ones, and V8's
 * quick garbage collections follow such a chain: whole requests would outlive their answers.
 */
export function createOpenSinks(): OpenSinks {
  const slots: (InterruptibleSink | undefined)[] = [];
  const free: number[] = [];
  return {
    add(sink) {
      const slot = free.pop() ?? slots.length;
      slots[slot] = sink;
      return () => {
        slots[slot] = undefined;
        free.push(slot);
      };
    },
    list: () => slots.filter((sink) => sink !== undefined),
  };
}
