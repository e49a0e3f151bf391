import type { Target } from '@ccg/catalog';
import { createBoundedMap } from '@ccg/kernel';
import type { TenantPrincipal } from '@ccg/tenancy';
import { userSubject } from './limit-subjects.ts';
import { nameOf } from './record.ts';
import type { RequestRecord, TargetName } from './record.ts';
import type { ClientNames } from './usage-line.ts';

/** A prompt of a session: each one begins with what the one before it was. @internal */
export interface SessionPrompt {
  readonly principal: TenantPrincipal;
  readonly client: Pick<ClientNames, 'session' | 'agent'>;
  readonly bodyBytes: number;
  /** In the clock's time. */
  readonly receivedAtMs: number;
}

/** Remembers what caches had of the latest prompts of sessions, to tell what they have of the next one. */
export interface CachedSessions {
  /** How much of a prompt a cache of the target has, a fraction from 0 to 1; 0 where that is not known. */
  shareOf(prompt: SessionPrompt, target: Target): number;
  /** Learns from what a provider has reported. */
  learn(prompt: SessionPrompt, record: Pick<RequestRecord, 'attempts' | 'usage' | 'usageSource'>): void;
}

/** The latest prompt of a session at a target. */
interface Seen {
  readonly receivedAtMs: number;
  readonly bytes: number;
  /** How much of it a cache has since then. */
  readonly cachedBytes: number;
  /** How much of it a cache had, as a fraction; and of the one before it. */
  readonly share: number;
  readonly shareBefore: number;
}

const sessionsMax = 10_000;
/** Caches keep a prompt for five minutes at least; the next one needs time to arrive. */
const freshMs = 4 * 60_000;

/**
 * Remembers in this process: each replica learns by itself. It promises little: of the last two prompts the one of which a cache had
 * less counts, and nothing does after a pause, or where the prompt is shorter than the last one and so was written anew.
 */
export function createCachedSessions(): CachedSessions {
  const sessions = createBoundedMap<Seen>(sessionsMax);
  return {
    shareOf(prompt, target) {
      const key = keyOf(prompt, nameOf(target));
      const seen = key === undefined ? undefined : sessions.get(key);
      if (seen === undefined || prompt.receivedAtMs - seen.receivedAtMs > freshMs) return 0;
      if (prompt.bodyBytes < seen.bytes) return 0;
      return Math.min(seen.share, seen.shareBefore, seen.cachedBytes / prompt.bodyBytes);
    },
    learn(prompt, { attempts, usage, usageSource }) {
      const target = attempts.at(-1)?.target;
      const key = target === undefined || usageSource !== 'reported' ? undefined : keyOf(prompt, target);
      const { inputTokens, cacheReadTokens, cacheWriteTokens } = usage;
      const tokens = inputTokens + cacheReadTokens + cacheWriteTokens;
      if (key === undefined || tokens === 0) return;
      const { bodyBytes: bytes, receivedAtMs } = prompt;
      sessions.set(key, {
        receivedAtMs,
        bytes,
        cachedBytes: (bytes * (cacheReadTokens + cacheWriteTokens)) / tokens,
        share: cacheReadTokens / tokens,
        shareBefore: sessions.get(key)?.share ?? 0,
      });
    },
  };
}

/** Undefined where the client names no session. A sub-agent has prompts of its own. */
function keyOf({ principal, client }: SessionPrompt, { provider, model }: TargetName): string | undefined {
  const { session, agent = '' } = client;
  if (session === undefined) return undefined;
  return [principal.tenant, userSubject(principal), provider, model, agent, session].join('\n');
}
