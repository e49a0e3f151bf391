import type { Allowlist } from '../principal.ts';
import { covers, matchAnything } from './pattern.ts';

/** Whether a level that allows this list allows nothing that the actor's own level does not. An absent list allows everything. */
export function isWithin(own: Allowlist, granted: Allowlist | undefined): boolean {
  const grantsAll: Allowlist = { models: ['*'] };
  const { models, targets } = granted ?? grantsAll;
  if (own.targets === undefined) {
    // Whoever asks for a target by itself passes by `models`, so targets may not be granted by one who has none.
    return matchAnything(own.models) || (targets === undefined && areCovered(own.models ?? [], models));
  }
  return areCovered(own.targets, targets) && (own.models === undefined || areCovered(own.models, models));
}

function areCovered(own: readonly string[], granted: readonly string[] | undefined): boolean {
  return granted !== undefined && granted.every((narrow) => own.some((wide) => covers(wide, narrow)));
}
