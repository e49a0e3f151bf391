import type { ModelDemand } from '../batch/batch-record.ts';
import type { NewItem } from './read-requests.ts';

/** So many models are counted one by one; a batch that names more does so to fill memory. */
const modelsMax = 100;

/** Adds up what the items of a batch ask of each model. What names no model, or one of too many, counts under ''. */
export function createDemand() {
  const byModel = new Map<string, { items: number; bytes: number; maxTokens: number }>();
  return {
    add({ model = '', maxTokens = 0, bytes }: NewItem): void {
      const name = byModel.has(model) || byModel.size < modelsMax ? model : '';
      const sum = byModel.get(name) ?? { items: 0, bytes: 0, maxTokens: 0 };
      sum.items += 1;
      sum.bytes += bytes;
      sum.maxTokens += maxTokens;
      byModel.set(name, sum);
    },
    list: (): readonly ModelDemand[] => [...byModel].map(([model, sum]) => ({ model, ...sum })),
  };
}
