/** One item of a batch, as it is handed out to workers. */
export interface ItemPointer {
  readonly tenant: string;
  /** Of its batch. */
  readonly id: string;
  readonly index: number;
  /** How often it failed so far. */
  readonly tries: number;
  /** A budget of its caller was used up when it was tried last. */
  readonly waitsForBudget?: boolean;
}

/** `over`: nothing is left to do. `later`: it is to be tried again, `isFailure` because it failed. */
export type ItemRun =
  | { readonly kind: 'over' }
  | { readonly kind: 'later'; readonly delayMs: number; readonly isFailure: false }
  | { readonly kind: 'later'; readonly delayMs: number; readonly isFailure: true; readonly waitsForBudget: boolean };

export const over: ItemRun = { kind: 'over' };

/** It did not fail, but could not run either. */
export function later(delayMs: number): ItemRun {
  return { kind: 'later', delayMs, isFailure: false };
}

/** It failed, and is worth another try. */
export function laterAfterFailure(delayMs: number, waitsForBudget = false): ItemRun {
  return { kind: 'later', delayMs, isFailure: true, waitsForBudget };
}
