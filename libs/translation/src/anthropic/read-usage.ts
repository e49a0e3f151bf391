import { noUsage } from '@ccg/wire';
import type { JsonValue, Usage } from '@ccg/wire';
import { asCount, asObject } from '../json-fields.ts';

/** Reads a `usage` object of the Anthropic API over what was known before: what it leaves out or nulls stays. */
export function readAnthropicUsage(value: JsonValue | undefined, before: Usage = noUsage): Usage {
  const usage = asObject(value);
  if (usage === undefined) return before;
  const details = asObject(usage['output_tokens_details']);
  return {
    inputTokens: asCount(usage['input_tokens']) ?? before.inputTokens,
    cacheReadTokens: asCount(usage['cache_read_input_tokens']) ?? before.cacheReadTokens,
    cacheWriteTokens: asCount(usage['cache_creation_input_tokens']) ?? before.cacheWriteTokens,
    outputTokens: asCount(usage['output_tokens']) ?? before.outputTokens,
    reasoningTokens: asCount(details?.['thinking_tokens']) ?? before.reasoningTokens,
  };
}
