import type { JsonValue, Usage } from '@ccg/wire';
import { asCount, asObject } from '../../json-fields.ts';

/** The usage of a response; its input includes both cache kinds, which are disjoint at the client. Undefined: none. */
export function readUsage(value: JsonValue | undefined): Usage | undefined {
  const usage = asObject(value);
  if (usage === undefined) return undefined;
  const input = asObject(usage['input_tokens_details']) ?? {};
  const output = asObject(usage['output_tokens_details']) ?? {};
  const prompt = asCount(usage['input_tokens']) ?? 0;
  const cacheReadTokens = Math.min(asCount(input['cached_tokens']) ?? 0, prompt);
  const cacheWriteTokens = Math.min(asCount(input['cache_write_tokens']) ?? 0, prompt - cacheReadTokens);
  return {
    inputTokens: prompt - cacheReadTokens - cacheWriteTokens,
    cacheReadTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: 0,
    outputTokens: asCount(usage['output_tokens']) ?? 0,
    reasoningTokens: asCount(output['reasoning_tokens']) ?? 0,
  };
}
