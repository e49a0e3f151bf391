import type { Origin } from '../records.ts';
import type { Actor } from './actor.ts';
import type { Refusal, Subject } from './result.ts';

interface Owned {
  readonly origin?: Origin | undefined;
}

/** Refuses everybody but the file to change what belongs to the file. */
export function fileOwned(actor: Actor, subject: Subject, record: Owned | undefined): Refusal | undefined {
  return record?.origin === 'file' && actor.origin !== 'file' ? { kind: 'file-owned', subject } : undefined;
}

interface Suspendable extends Owned {
  readonly state: 'active' | 'suspended';
  readonly suspendedBy?: Origin | undefined;
}

/**
 * A record that is suspended or goes on. The file suspends what it names no more: from then on that is the API's, until
 * the file names it again. A suspension by anybody else outlasts the file's.
 */
export function withState<Item extends Suspendable>(item: Item, state: Item['state'], { origin }: Actor): Item {
  if (state === 'active') return { ...item, state, suspendedBy: undefined };
  const isByOther = item.state === 'suspended' && item.suspendedBy === undefined;
  const suspended = { ...item, state, suspendedBy: isByOther ? undefined : origin };
  return origin === 'file' ? { ...suspended, origin: undefined } : suspended;
}

/** Whether two records are stored as the same text. */
export function isSameRecord(one: object, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
