import { setImmediate } from 'node:timers/promises';
import { createCalibration, createTokenEstimator, loadTokenizer } from '@ccg/tokens';
import type { ServingDependencies, TokenCounting } from '@ccg/serving';

/** Some 5 MB: a long conversation of Claude Code has a few hundred segments. */
const maxCachedSegments = 20_000;
const maxModels = 1000;

/** Loads the tokenizer, which holds the process up for some hundred milliseconds: before it listens. */
export async function startTokenCounting(digest: ServingDependencies['digest']): Promise<TokenCounting> {
  const estimator = createTokenEstimator({
    countTokens: await loadTokenizer(),
    digest,
    yieldToEventLoop: () => setImmediate(),
    maxCachedSegments,
  });
  return { estimator, calibration: createCalibration({ maxModels }) };
}
