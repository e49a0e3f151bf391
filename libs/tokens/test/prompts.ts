import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { readMessagesRequest } from '@ccg/wire';

import { createTokenEstimator } from '../src/create-token-estimator.ts';
import type { Prompt } from '../src/read-prompt.ts';
import type { TokenEstimator, TokenEstimatorOptions } from '../src/create-token-estimator.ts';

/** What a body shows to a model. */
export function promptOf(body: unknown): Prompt {
  const messagesRequest = readMessagesRequest(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
  const tools = messagesRequest.bytesOf('tools');
  return {
    system: messagesRequest.read('system'),
    messages: messagesRequest.read('messages'),
    tools:
      tools === undefined
        ? undefined
        : { size: tools.length, digest: () => digest(tools), read: () => messagesRequest.read('tools')?.value ?? null },
  };
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

/** An estimator as the gateway makes it, but for what a test changes; four characters are a token unless it does. */
export function estimatorFor(options: Partial<TokenEstimatorOptions> = {}): TokenEstimator {
  return createTokenEstimator({
    countTokens: (text) => Math.ceil(text.length / 4),
    digest,
    yieldToEventLoop: () => setImmediate(),
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
  const file = new URL('../src/fixtures/reported-prompts.json', import.meta.url);
  const { prompts }: { readonly prompts: readonly ReportedPrompt[] } = JSON.parse(readFileSync(file, 'utf8'));
  return prompts;
}
