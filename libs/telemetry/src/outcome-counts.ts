import { outcomes } from '@ccg/kernel';
import { metricList } from './metric-list.ts';
import type { Process } from './metric-list.ts';
import { createCells } from './series.ts';
import type { Cell } from './series.ts';

/** The endpoint of a try of an item of a batch, which nobody has asked for over HTTP. */
export const itemEndpoint = 'item_of_batch';

/**
 * Counts how requests and tries of items ended, whatever they asked for. Every outcome is there from the start, since a
 * counter that appears with its first event was not seen to grow.
 */
export function createOutcomeCounts(process: Process | undefined) {
  const family = createCells(metricList.outcomes);
  for (const traffic of trafficsOf(process)) for (const outcome of outcomes) family.of({ traffic, outcome });
  return {
    family,
    of: (endpoint: string, outcome: string): Cell =>
      family.of({ traffic: endpoint === itemEndpoint ? 'items' : 'requests', outcome }),
  };
}

function trafficsOf(process: Process | undefined): readonly ('requests' | 'items')[] {
  if (process === undefined) return ['requests', 'items'];
  return process === 'worker' ? ['items'] : ['requests'];
}
