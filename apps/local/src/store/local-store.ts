/** The Redis of one machine, whichever it is. */
export interface LocalStore {
  /** What the gateway connects to: `redis://`, `rediss://` or `unix:///path`. */
  readonly url: string;
  /** Which store it is, for people. */
  readonly name: string;
  /** What survives what, for people. */
  readonly durability: string;
  /** Resolves when the store answers. */
  start(): Promise<void>;
  /** Ends what `start` began; also safe while it is still starting. Call it when nobody uses the store any more. */
  close(): Promise<void>;
}

/** What a store may say while it runs. */
export interface StoreObserver {
  /** One line for people. */
  say(line: string): void;
  /** The store was lost and is back: what it held may be gone and must be put back. */
  restarted(): Promise<void>;
}
