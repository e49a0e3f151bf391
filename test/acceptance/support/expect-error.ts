import { expect } from 'vitest';

import type { RawAnswer } from './send-raw.ts';

/** An error answer as the client must find it. */
export interface ExpectedError {
  readonly status: number;
  readonly type: string;
  /** The part of the message that tells what to do next. */
  readonly message: RegExp;
  /** More headers of the answer, by exact value or pattern. */
  readonly headers?: Readonly<Record<string, string | RegExp>>;
}

/** Asserts status, envelope, request id and headers of an error, all of it. */
export function expectError(answer: Pick<RawAnswer, 'status' | 'headers' | 'text'>, expected: ExpectedError): void {
  expect(answer.status, answer.text).toBe(expected.status);
  expect(answer.headers['content-type']).toMatch(/^application\/json(?:;|$)/u);
  const requestId = answer.headers['request-id'];
  expect(requestId).toMatch(/^req_[\w-]{8,}$/u);
  expect(JSON.parse(answer.text)).toEqual({
    type: 'error',
    error: { type: expected.type, message: expect.stringMatching(expected.message) },
    request_id: requestId,
  });
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    if (typeof value === 'string') expect(answer.headers[name], name).toBe(value);
    else expect(answer.headers[name], name).toMatch(value);
  }
}
