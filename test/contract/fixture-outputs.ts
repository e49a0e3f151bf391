import type { GatewayError } from '@ccg/kernel';
import type { Answer } from '@ccg/translation';
import { decodeByteString } from '@ccg/wire';
import type { FixtureCase } from './fixture-cases.ts';
import { bodyText, bytesOf, passesThrough, plainRequest, playStream, translate } from './translate.ts';

type Fixture = Pick<FixtureCase, 'target' | 'read'>;

/** One kind of file in a fixture's folder, and what the library makes of it. */
export interface FixtureKind {
  readonly kind: 'request' | 'stream' | 'answer' | 'failure';
  readonly input: Parameters<FixtureCase['read']>[0];
  readonly output: Parameters<FixtureCase['read']>[0];
  make(this: void, fixture: Fixture, input: string): string;
}

export const fixtureKinds: readonly FixtureKind[] = [
  { kind: 'request', input: 'request.in.json', output: 'request.out.json', make: requestOut },
  { kind: 'stream', input: 'stream.in.txt', output: 'stream.out.txt', make: streamOut },
  { kind: 'answer', input: 'answer.in.json', output: 'answer.out.json', make: answerOut },
  { kind: 'failure', input: 'failure.in.json', output: 'failure.out.json', make: failureOut },
];

/** What `failure.in.json` holds. */
export interface FailureIn {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly at?: { readonly estimatedTokens: number; readonly windowTokens: number };
}

function requestOut({ target }: Fixture, input: string): string {
  const translation = translate(input, target);
  const { request, localAnswer } = translation;
  const { warnings } = request;
  const body = bodyText(translation);
  // Passthrough is about bytes, translation about what they mean.
  return passesThrough(target)
    ? body
    : prettyJson({ body: JSON.parse(body), warnings, answeredHere: localAnswer?.body });
}

function streamOut(fixture: Fixture, input: string): string {
  return playStream(requestOf(fixture), [bytesOf(input)]).text;
}

function answerOut(fixture: Fixture, input: string): string {
  const answer: Answer = requestOf(fixture).reader.answer(bytesOf(input));
  if (answer.kind === 'failure') return prettyJson({ failure: describeError(answer.error) });
  const { body, usage } = answer;
  const text = typeof body === 'string' ? decodeByteString(body) : Buffer.from(body).toString('utf8');
  return prettyJson({ message: JSON.parse(text), usage });
}

function failureOut(fixture: Fixture, input: string): string {
  const { status, headers, body, at }: FailureIn = JSON.parse(input);
  const upstream = { status, headers: Object.entries(headers), body: bytesOf(bodyOf(body)) };
  const size = at ?? { estimatedTokens: undefined, windowTokens: undefined };
  const { error, retry } = requestOf(fixture).reader.failure(upstream, size);
  return prettyJson(retry.kind === 'none' ? describeError(error) : { ...describeError(error), tryAgain: retry });
}

function requestOf({ read, target }: Fixture) {
  return translate(read('request.in.json') ?? plainRequest, target);
}

function describeError(error: GatewayError) {
  const { code, status, type, retry, retryAfterSeconds, headers, publicMessage, publicDetails } = error;
  return { code, status, type, retry, retryAfterSeconds, headers, publicMessage, publicDetails };
}

function bodyOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

export function prettyJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
