/** A moment that a test decides: what waits for `opened` goes on when `open` is called. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

/** Makes a closed gate. It takes the place of a sleep: order is stated, not hoped for. */
export function createGate(): Gate {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
