import { createCachedSessions } from './cached-sessions.ts';
import type { RequestRecord } from './record.ts';
import { hasBudget } from './request-limits.ts';
import type { LimitedWork } from './request-limits.ts';
import type { ClientNames, LineRequest } from './usage-line.ts';

interface ExpectedWork {
  /** With what caches have of its session, where a budget asks what it costs. */
  readonly expected: LimitedWork;
  /** To be told how the request has ended: the next one of its session is expected by it. */
  readonly learn: ((record: RequestRecord) => void) | undefined;
}

type ExpectWork = (
  request: Pick<LineRequest, 'principal' | 'receivedAtMs'>,
  client: ClientNames,
  work: LimitedWork,
) => ExpectedWork;

/** Looks up what is known of the session of a request before its limits are asked. */
export function createExpectWork(): ExpectWork {
  const sessions = createCachedSessions();
  return ({ principal, receivedAtMs }, client, work) => {
    if (work.kind === 'count' || client.session === undefined || !hasBudget(principal)) {
      return { expected: work, learn: undefined };
    }
    const prompt = { principal, client, bodyBytes: work.bodyBytes, receivedAtMs };
    return {
      expected: { ...work, cachedShareOf: (target) => sessions.shareOf(prompt, target) },
      learn: (record) => {
        sessions.learn(prompt, record);
      },
    };
  };
}
