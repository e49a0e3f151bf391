import { playModel, say } from '@ccg/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { expectError } from './expect-error.ts';
import type { ExpectedError } from './expect-error.ts';
import { sendRaw } from './send-raw.ts';
import type { RawRequest } from './send-raw.ts';
import { startSuite } from './start-suite.ts';
import type { Suite } from './start-suite.ts';

export const anthropicPath = '/anthropic:claude-opus-5-5/v1/messages';
export const translatedPath = '/openai:vendor/model:tag/v1/messages';

/** A turn of a user, and a request that is served on every dialect. */
export const user = { role: 'user', content: 'hi' } as const;
export const good = { model: 'claude-opus-5-5', max_tokens: 64, messages: [user] } as const;

interface Refusal extends ExpectedError {
  readonly name: string;
  /** Is called when the test runs, so it may use the suite's API key. */
  readonly request: () => RawRequest;
}

/** What tests of bad input share: a gateway that serves the good requests between the bad ones. */
export interface BadInputSuite {
  readonly current: () => Suite;
  /** A test per row: it is refused as the row says, and the request after it is served. */
  readonly refuses: (rows: readonly Refusal[]) => void;
  readonly expectNextServed: () => Promise<void>;
  /** A request with a good API key; a body that is neither text nor bytes is sent as JSON. */
  readonly authorized: (body: unknown, rest?: RawRequest) => RawRequest;
}

/** Starts a suite around all tests of the calling file. */
export function badInputSuite(name: string): BadInputSuite {
  let started: Suite | undefined;
  const current = (): Suite => {
    if (started === undefined) throw new Error('The suite has not started yet.');
    return started;
  };
  beforeAll(async () => {
    started = await startSuite(name, { PREFERRED_PROVIDER: 'openai' });
    started.upstream.play(playModel([{ content: [say('fine')] }]));
  });
  afterAll(() => started?.close());

  const authorized = (body: unknown, rest: RawRequest = {}): RawRequest => {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array;
    const own = [
      ['x-api-key', current().apiKey],
      ['content-type', 'application/json'],
    ] as const;
    return { ...rest, headers: [...own, ...(rest.headers ?? [])], body: isRaw ? body : JSON.stringify(body) };
  };
  const expectNextServed = async (): Promise<void> => {
    const next = await sendRaw(current().gateway.url, authorized(good));
    expect(next.status, next.text).toBe(200);
  };
  return {
    current,
    refuses(rows) {
      test.each(rows)('$name', async ({ request, ...expected }) => {
        expectError(await sendRaw(current().gateway.url, request()), expected);
        await expectNextServed();
      });
    },
    expectNextServed,
    authorized,
  };
}

/** A request without a credential but the given headers. */
export function withHeaders(...headers: readonly (readonly [string, string])[]): RawRequest {
  return { headers: [['content-type', 'application/json'], ...headers], body: JSON.stringify(good) };
}

export const invalid = { status: 400, type: 'invalid_request_error' } as const;
