import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

import { createTokenEstimator } from '../src/tokens/create-token-estimator.ts';
import type { TokenEstimator, TokenEstimatorOptions } from '../src/tokens/create-token-estimator.ts';

/** A body as the estimator takes it. */
export function sourceOf(body: unknown): { readonly text: string; readonly bytes: Uint8Array } {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { text: bytes.toString('latin1'), bytes };
}

/** An estimator as the gateway makes it, but for what a test changes; four characters are a token unless it does. */
export function estimatorFor(options: Partial<TokenEstimatorOptions> = {}): TokenEstimator {
  return createTokenEstimator({
    countTokens: (text) => Math.ceil(text.length / 4),
    digest: (bytes) => createHash('sha256').update(bytes).digest('base64'),
    breathe: () => setImmediate(),
    maxCachedSegments: 10_000,
    ...options,
  });
}

export interface ReportedPrompt {
  readonly name: string;
  /** What the server said that it was. */
  readonly promptTokens: number;
  readonly body: unknown;
}

/** Prompts of many mixes and what a real server counted in each. */
export function reportedPrompts(): readonly ReportedPrompt[] {
  const file = new URL('../src/tokens/fixtures/reported-prompts.json', import.meta.url);
  const { prompts }: { readonly prompts: readonly ReportedPrompt[] } = JSON.parse(readFileSync(file, 'utf8'));
  return prompts;
}
