import type { Target } from '@ccg/catalog';
import type { Clock } from '@ccg/kernel';
import type { Calibration, Prompt, TokenCount, TokenEstimator } from '@ccg/tokens';
import { checkRequestSize } from '@ccg/translation';
import type { MessagesRequest, PromptTools, Usage } from '@ccg/wire';

/** A digest without collisions, such as SHA-256: whoever sends the same bytes shares what was made of them. */
export type Digest = (bytes: Uint8Array) => string;

/** Counts prompts, and learns how models count them. */
export interface TokenCounting {
  readonly estimator: TokenEstimator;
  readonly calibration: Calibration;
}

/** The estimated tokens of one prompt, until a provider reports them. Counting begins with the first question. */
export interface PromptEstimate {
  /**
   * Undefined for a target whose stream begins with the number, and when the count is not ready in time: a prompt that
   * was never seen before may take longer. A promise only for such a prompt.
   */
  tokens(target: Target): number | undefined | Promise<number | undefined>;
  /** Teaches the calibration what the provider reported. */
  learn(target: Target, usage: Usage): void;
  /** Ends the counting. */
  abandon(): void;
}

export type EstimatePrompt = (messagesRequest: MessagesRequest, tools: PromptTools | undefined) => PromptEstimate;

/** How long a request waits for its count at most. What was counted before needs no wait. */
const waitMs = 50;

/** What a body shows to a model. Throws `request-invalid` for what is not JSON, and for what has too many parts. */
export function promptOf(messagesRequest: MessagesRequest, tools: PromptTools | undefined): Prompt {
  checkRequestSize(messagesRequest);
  return { system: messagesRequest.read('system'), messages: messagesRequest.read('messages'), tools };
}

/** The tools of a body, which are digested once. */
export function toolsOf(messagesRequest: MessagesRequest, digest: Digest): PromptTools | undefined {
  const size = messagesRequest.bytesOf('tools')?.length;
  if (size === undefined) return undefined;
  let digested: string | undefined;
  return {
    size,
    digest: () => (digested ??= digest(messagesRequest.bytesOf('tools') ?? new Uint8Array())),
    read: () => messagesRequest.read('tools')?.value ?? null,
  };
}

export function createEstimatePrompt({ estimator, calibration }: TokenCounting, clock: Clock): EstimatePrompt {
  return (messagesRequest, tools) => {
    let ending: AbortController | undefined;
    let counting: Counted | Promise<Counted> | undefined;

    function count(signal: AbortSignal): Counted | Promise<Counted> {
      // A request never fails because of its estimate. A fault of the body is reported by its translation.
      try {
        const counted = estimator.count(promptOf(messagesRequest, tools), signal);
        return counted instanceof Promise ? counted.catch(() => 'uncounted' as const) : counted;
      } catch {
        return 'uncounted';
      }
    }

    const tokensOf = (target: Target, counted: Counted | undefined) =>
      counted === undefined || counted === 'uncounted' ? undefined : calibration.tokens(target, counted);

    return {
      tokens(target) {
        if (target.reportsPromptFirst) return undefined;
        ending ??= new AbortController();
        counting ??= count(ending.signal);
        if (!(counting instanceof Promise)) return tokensOf(target, counting);
        return within(counting, waitMs, clock).then((counted) => tokensOf(target, counted));
      },
      learn(target, usage) {
        const reported = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
        const observe = (counted: Counted | undefined) => {
          if (counted !== undefined && counted !== 'uncounted') calibration.observe(target, counted, reported);
        };
        if (counting instanceof Promise) void counting.then(observe);
        else observe(counting);
      },
      abandon() {
        ending?.abort();
      },
    };
  };
}

type Counted = TokenCount | 'uncounted';

function within<T>(promise: Promise<T>, timeoutMs: number, clock: Clock): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.schedule(timeoutMs, () => {
      resolve(undefined);
    });
    promise.then(resolve, reject).finally(cancel);
  });
}
