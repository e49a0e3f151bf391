import type { JsonValue, Usage } from '@ccg/wire';
import { asCount, asObject } from '../../json-fields.ts';

/** Collects the usage of one answer, which comes with every chunk. */
export interface UsageMeter {
  add(metadata: JsonValue | undefined): void;
  /** Undefined while nothing was reported. */
  usage(): Usage | undefined;
}

interface Counts {
  readonly prompt: number;
  readonly cached: number;
  readonly answer: number;
  readonly thoughts: number;
}

/** Reports are cumulative, so the largest count is the last. Some chunks leave out a part of them. */
export function createUsageMeter(): UsageMeter {
  let counts: Counts | undefined;
  return {
    add(metadata) {
      const object = asObject(metadata);
      if (object === undefined) return;
      const known = counts ?? { prompt: 0, cached: 0, answer: 0, thoughts: 0 };
      const count = (name: string) => asCount(object[name]) ?? 0;
      counts = {
        prompt: Math.max(known.prompt, count('promptTokenCount') + count('toolUsePromptTokenCount')),
        cached: Math.max(known.cached, count('cachedContentTokenCount')),
        answer: Math.max(known.answer, count('candidatesTokenCount'), count('responseTokenCount')),
        thoughts: Math.max(known.thoughts, count('thoughtsTokenCount')),
      };
    },
    usage: () => (counts === undefined ? undefined : partition(counts)),
  };
}

/** The prompt includes what was cached; thoughts are counted beside the answer. */
function partition({ prompt, cached, answer, thoughts }: Counts): Usage {
  const cacheReadTokens = Math.min(cached, prompt);
  return {
    inputTokens: prompt - cacheReadTokens,
    cacheReadTokens,
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: answer + thoughts,
    reasoningTokens: thoughts,
  };
}
