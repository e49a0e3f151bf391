/** Deals out work to all that count at the same time, so that together they never hold the event loop for long. */
export interface Turns {
  /** Takes the right to do `work` now; a promise means that others come first. */
  take(work: number): Promise<void> | undefined;
}

interface Waiting {
  readonly work: number;
  readonly go: () => void;
}

/**
 * Between two breaths at most `workPerTurn` is done, by whoever has waited longest. `yieldToEventLoop` resolves when the event
 * loop has looked after everything else.
 */
export function createTurns(yieldToEventLoop: () => Promise<void>, workPerTurn: number): Turns {
  const waiting: Waiting[] = [];
  let spent = 0;
  let dealing = false;

  const fits = (work: number) => spent === 0 || spent + work <= workPerTurn;
  const deal = async () => {
    dealing = true;
    while (waiting.length > 0) {
      await yieldToEventLoop();
      spent = 0;
      for (let next = waiting[0]; next !== undefined && fits(next.work); next = waiting[0]) {
        waiting.shift();
        spent += next.work;
        next.go();
      }
    }
    dealing = false;
  };

  return {
    take(work) {
      if (!dealing && fits(work)) {
        spent += work;
        return undefined;
      }
      const turn = new Promise<void>((resolve) => {
        waiting.push({ work, go: resolve });
      });
      if (!dealing) void deal();
      return turn;
    },
  };
}
