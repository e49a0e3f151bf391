import { noUsage } from '@ccg/wire';
import type { Usage } from '@ccg/wire';
import type { Progress } from '../translation.ts';
import type { EncoderState } from './encoder-state.ts';

/** Four bytes a token: rough, but an answer that costs nothing would be plainly wrong. */
const bytesPerToken = 4;

/**
 * The usage that the backend reported, or an estimate where it reported none. Servers that answer from a cache
 * report a prompt of no tokens at all; that part is estimated, too.
 */
export function usageSoFar({
  usage,
  writtenBytes,
  settings: { estimatedInputTokens = 0 },
}: EncoderState): Pick<Progress, 'usage' | 'usageSource'> {
  if (usage === undefined) {
    const outputTokens = Math.ceil(writtenBytes / bytesPerToken);
    return { usage: { ...noUsage, inputTokens: estimatedInputTokens, outputTokens }, usageSource: 'estimated' };
  }
  if (estimatedInputTokens === 0 || promptTokens(usage) > 0) return { usage, usageSource: 'reported' };
  return { usage: { ...usage, inputTokens: estimatedInputTokens }, usageSource: 'estimated' };
}

/** What a message says of its usage before its content. */
export function usageAtStart(state: EncoderState): Usage {
  const { usage } = usageSoFar(state);
  return state.usage === undefined ? { ...usage, outputTokens: 0 } : usage;
}

function promptTokens({ inputTokens, cacheReadTokens, cacheWriteTokens }: Usage): number {
  return inputTokens + cacheReadTokens + cacheWriteTokens;
}
