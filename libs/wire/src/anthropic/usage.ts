import { isJsonObject } from '../json/json-value.ts';
import type { JsonValue } from '../json/json-value.ts';
import { noUsage } from '../usage.ts';
import type { Usage } from '../usage.ts';

/** Reads a `usage` object of the Anthropic API. A count that it lacks or gives as null keeps its value of `before`. */
export function readAnthropicUsage(value: JsonValue | undefined, before: Usage = noUsage): Usage {
  if (!isJsonObject(value)) return before;
  const details = value['output_tokens_details'];
  return {
    inputTokens: countOf(value['input_tokens']) ?? before.inputTokens,
    cacheReadTokens: countOf(value['cache_read_input_tokens']) ?? before.cacheReadTokens,
    cacheWriteTokens: countOf(value['cache_creation_input_tokens']) ?? before.cacheWriteTokens,
    outputTokens: countOf(value['output_tokens']) ?? before.outputTokens,
    reasoningTokens: countOf(isJsonObject(details) ? details['thinking_tokens'] : undefined) ?? before.reasoningTokens,
  };
}

function countOf(value: JsonValue | undefined): number | undefined {
  const count = typeof value === 'number' ? Math.floor(value) : -1;
  return count >= 0 && Number.isSafeInteger(count) ? count : undefined;
}
