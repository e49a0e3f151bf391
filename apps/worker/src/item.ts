/** One item of a batch, as it is handed out to workers. */
export interface ItemPointer {
  readonly tenant: string;
  /** Of its batch. */
  readonly id: string;
  readonly index: number;
  /** How often it failed so far. */
  readonly tries: number;
}

/** `over`: nothing is left to do. `later`: it is to be tried again, `isFailure` because it failed. */
export type ItemRun =
  | { readonly kind: 'over' }
  | { readonly kind: 'later'; readonly delayMs: number; readonly isFailure: boolean };

export const over: ItemRun = { kind: 'over' };

/** It did not fail, but could not run either. */
export function later(delayMs: number): ItemRun {
  return { kind: 'later', delayMs, isFailure: false };
}

/** It failed, and is worth another try. */
export function laterAfterFailure(delayMs: number): ItemRun {
  return { kind: 'later', delayMs, isFailure: true };
}
