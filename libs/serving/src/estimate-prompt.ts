import type { Target } from '@ccg/catalog';
import type { Calibration, TokenCount, TokenEstimator } from '@ccg/tokens';
import type { PromptTools } from '@ccg/wire';
import type { Clock } from '@ccg/kernel';
import type { MessagesRequest, Usage } from '@ccg/wire';
import { promptOf } from './prompt-of.ts';

/** Counts prompts, and learns how models count them. */
export interface TokenCounting {
  readonly estimator: TokenEstimator;
  readonly calibration: Calibration;
}

/** How many tokens a prompt has, as long as nobody knows better. */
export interface PromptEstimate {
  /** Undefined when it is not known in time: a prompt that was never seen before may take longer to count. */
  tokens(): Promise<number | undefined>;
  /** What the provider says that it was. */
  learn(usage: Usage): void;
  /** Ends the counting. */
  abandon(): void;
}

interface EstimateDependencies {
  readonly tokens: TokenCounting;
  readonly clock: Clock;
}

/** How long a request waits for its count at most. What was counted before needs no wait. */
const waitMs = 50;

/** Nobody asks. */
export const noEstimate: PromptEstimate = {
  tokens: () => Promise.resolve(undefined),
  learn: () => {},
  abandon: () => {},
};

/**
 * Begins to count the prompt, beside whatever else the request waits for. Where the provider's own stream says its
 * tokens at once, as Anthropic's does, nothing is counted.
 */
export function estimatePrompt(
  messagesRequest: MessagesRequest,
  tools: PromptTools | undefined,
  target: Target,
  { tokens: { estimator, calibration }, clock }: EstimateDependencies,
): PromptEstimate {
  if (target.reportsPromptFirst) return noEstimate;
  const ending = new AbortController();
  const count = async () => estimator.count(promptOf(messagesRequest, tools), ending.signal);
  // A request never fails for its estimate: what is wrong with the body, its translation says.
  const counting: Promise<TokenCount | undefined> = count().catch(() => undefined);
  return {
    async tokens() {
      const counted = await within(counting, waitMs, clock);
      return counted === undefined ? undefined : calibration.tokens(target, counted);
    },
    learn(usage) {
      const reported = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
      void counting.then((counted) => {
        if (counted !== undefined) calibration.observe(target, counted, reported);
      });
    },
    abandon() {
      ending.abort();
    },
  };
}

function within<T>(promise: Promise<T>, timeoutMs: number, clock: Clock): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(timeoutMs, () => {
      resolve(undefined);
    });
    promise.then(resolve, reject).finally(cancel);
  });
}
