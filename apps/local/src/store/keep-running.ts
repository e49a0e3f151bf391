import { setTimeout as delay } from 'node:timers/promises';

/** What a store may say while it runs. */
export interface StoreObserver {
  /** One line for people. */
  say(line: string): void;
  /** The store was lost and is back: what it held may be gone and must be put back. */
  restarted(): Promise<void>;
}

/** One life of a server. */
export interface ServerLife {
  /** Resolves when this life is over, whoever ended it. */
  readonly ended: Promise<void>;
  /** Ends this life. */
  close(): Promise<void>;
}

export interface KeptServer {
  start(): Promise<void>;
  close(): Promise<void>;
}

const firstDelayMs = 200;
const longestDelayMs = 10_000;
/** A server that ran this long gets the short first pause again. */
const steadyAfterMs = 60_000;

/**
 * Starts a server, and restarts it with growing pauses whenever it ends by itself. A first start that fails rejects;
 * later ones are retried for ever, because the gateway works without its store.
 */
export function keepRunning(name: string, begin: () => Promise<ServerLife>, observer: StoreObserver): KeptServer {
  const closing = new AbortController();
  let starting: Promise<ServerLife> | undefined;
  let watching: Promise<void> | undefined;

  async function watch(first: ServerLife): Promise<void> {
    let life: ServerLife | undefined = first;
    let delayMs = firstDelayMs;
    while (!closing.signal.aborted) {
      const since = performance.now();
      await life?.ended;
      if (life !== undefined && !closing.signal.aborted) observer.say(`The store (${name}) ended. Starting it again.`);
      if (performance.now() - since > steadyAfterMs) delayMs = firstDelayMs;
      await delay(delayMs, undefined, { signal: closing.signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, longestDelayMs);
      life = closing.signal.aborted ? undefined : await beginAgain();
    }
  }

  async function beginAgain(): Promise<ServerLife | undefined> {
    starting = begin();
    try {
      const life = await starting;
      if (closing.signal.aborted) return life;
      await observer.restarted();
      observer.say(`The store (${name}) is back.`);
      return life;
    } catch (thrown) {
      observer.say(`The store (${name}) is not back yet: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      return starting.catch(() => undefined);
    }
  }

  return {
    async start() {
      starting = begin();
      watching = watch(await starting);
    },
    async close() {
      closing.abort();
      const life = await starting?.catch(() => undefined);
      await life?.close();
      await watching;
    },
  };
}
