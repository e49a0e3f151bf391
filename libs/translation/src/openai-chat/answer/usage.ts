import type { JsonObject, JsonValue, Usage } from '@ccg/wire';
import { asCount, asObject } from '../../json-fields.ts';

/** Counts as chat completions report them: `prompt` includes both cache kinds. */
interface ChatCounts {
  readonly prompt: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly completion: number;
  readonly reasoning: number;
  /** All of it together; 0 where the server does not say. */
  readonly total: number;
}

/** Collects the usage of one answer; it may come in any chunk, in several, or on every one. */
export interface UsageMeter {
  add(usage: JsonValue | undefined): void;
  /** Undefined while nothing was reported. */
  usage(): Usage | undefined;
}

/** Repeated reports are cumulative, so the largest count is the last. */
export function createUsageMeter(): UsageMeter {
  let counts: ChatCounts | undefined;
  return {
    add(usage) {
      const object = asObject(usage);
      if (object === undefined) return;
      const latest = readCounts(object);
      counts = counts === undefined ? latest : largest(counts, latest);
    },
    usage: () => (counts === undefined ? undefined : partition(counts)),
  };
}

function readCounts(usage: JsonObject): ChatCounts {
  const prompt = asObject(usage['prompt_tokens_details']) ?? {};
  const completion = asObject(usage['completion_tokens_details']) ?? {};
  return {
    prompt: asCount(usage['prompt_tokens']) ?? 0,
    // DeepSeek and Moonshot have it at the top.
    cacheRead:
      asCount(prompt['cached_tokens']) ??
      asCount(usage['prompt_cache_hit_tokens']) ??
      asCount(usage['cached_tokens']) ??
      0,
    cacheWrite: asCount(prompt['cache_write_tokens']) ?? asCount(prompt['cache_creation_tokens']) ?? 0,
    completion: asCount(usage['completion_tokens']) ?? 0,
    reasoning: asCount(completion['reasoning_tokens']) ?? asCount(usage['reasoning_tokens']) ?? 0,
    total: asCount(usage['total_tokens']) ?? 0,
  };
}

function largest(a: ChatCounts, b: ChatCounts): ChatCounts {
  return {
    prompt: Math.max(a.prompt, b.prompt),
    cacheRead: Math.max(a.cacheRead, b.cacheRead),
    cacheWrite: Math.max(a.cacheWrite, b.cacheWrite),
    completion: Math.max(a.completion, b.completion),
    reasoning: Math.max(a.reasoning, b.reasoning),
    total: Math.max(a.total, b.total),
  };
}

/** The three kinds of input are disjoint at the client, which adds them up. */
function partition(counts: ChatCounts): Usage {
  const { prompt, cacheRead, cacheWrite, completion, reasoning } = counts;
  const read = Math.min(cacheRead, prompt);
  const write = Math.min(cacheWrite, prompt - read);
  return {
    inputTokens: prompt - read - write,
    cacheReadTokens: read,
    cacheWriteTokens: write,
    cacheWrite1hTokens: 0,
    outputTokens: isBesideCompletion(counts) ? completion + reasoning : completion,
    reasoningTokens: reasoning,
  };
}

/** xAI and Gemini count reasoning beside the completion, and their totals say so; all others count it in the completion. */
function isBesideCompletion({ prompt, completion, reasoning, total }: ChatCounts): boolean {
  return reasoning > completion || total >= prompt + completion + reasoning;
}
