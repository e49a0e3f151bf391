import { efforts } from '@ccg/catalog';
import type { Effort } from '@ccg/catalog';

/**
 * The level that a model has for the wanted one: the nearest below it, or above where there is none. A model that
 * cannot stop thinking thinks as little as it can. Undefined where it has no levels.
 */
export function closestEffort(wanted: Effort, levels: readonly Effort[]): Effort | undefined {
  const sorted = levels.toSorted((one, other) => efforts.indexOf(one) - efforts.indexOf(other));
  if (wanted === 'none') return sorted[0];
  const rank = efforts.indexOf(wanted);
  const thinking = sorted.filter((level) => level !== 'none');
  return thinking.findLast((level) => efforts.indexOf(level) <= rank) ?? thinking[0];
}
