import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const roundsMax = 20;

/** Collects garbage until none of the objects is left, or for a number of rounds; returns those that survive. */
export async function survivorsOf<Value extends object>(references: readonly WeakRef<Value>[]): Promise<Value[]> {
  for (let round = 0; round < roundsMax && references.some((one) => one.deref() !== undefined); round += 1) {
    await collectGarbage();
  }
  return references.map((one) => one.deref()).filter((value) => value !== undefined);
}

/** Collects garbage once, in a turn of the event loop of its own: a WeakRef holds its object until its turn is over. */
export async function collectGarbage(): Promise<void> {
  await setImmediate();
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('V8 gives no gc().');
  collect();
}
