import type { JsonValue } from '@ccg/wire';
import { asCount } from '../../json-fields.ts';

/** Tells by the numbers of a stream's events which of them came before, and whether any is missing. */
export interface EventOrder {
  /** Takes the next event, `said` being what it says. Returns whether it came before, as it is. */
  isRepeated(this: void, sequenceNumber: JsonValue | undefined, said: string): boolean;
  hasGap(this: void): boolean;
}

/** So many events must follow each other by number before their numbers count. */
const stepsMin = 2;
/** Of so many events it is known what they said. */
const keptMax = 1024;

/**
 * Some servers do not number their events, give all of them one number, or count something else. Numbers that go back count
 * for nothing, unless an event comes again as it was.
 */
export function createEventOrder(): EventOrder {
  const kept = new Map<number, number>();
  let latest: number | undefined;
  let steps = 0;
  let hasGap = false;
  let isReliable = true;

  return {
    hasGap: () => isReliable && hasGap && steps >= stepsMin,
    isRepeated(sequenceNumber, said) {
      const number = asCount(sequenceNumber);
      if (number === undefined || !isReliable) return false;
      const hash = hashOf(said);
      if (latest !== undefined && number <= latest) {
        isReliable = steps >= stepsMin && kept.get(number) === hash;
        return isReliable;
      }
      if (latest !== undefined && number === latest + 1) steps += 1;
      else hasGap ||= latest !== undefined;
      latest = number;
      kept.set(number, hash);
      kept.delete(number - keptMax);
      return false;
    },
  };
}

/** FNV-1a: what an event said is not kept, and two events of one number that differ differ in it. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
