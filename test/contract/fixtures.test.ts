import type { GatewayError } from '@ccg/kernel';
import { decodeByteString } from '@ccg/wire';
import { describe, expect, test } from 'vitest';
import { fixtureCases } from './fixture-cases.ts';
import type { FixtureCase } from './fixture-cases.ts';
import { bodyText, bytesOf, passesThrough, plainRequest, playStream, translate } from './translate.ts';
import type { Answer } from '@ccg/translation';

const dialects = ['openai-chat', 'anthropic'] as const;

// A changed golden is written by `vitest -u`, and read in review like code.
describe.each(dialects)('the fixtures of %s', (dialect) => {
  const cases = fixtureCases(dialect);

  test.each(withFile(cases, 'request.in.json'))('request: $name', async ({ fixture, input }) => {
    const translation = translate(input, fixture.target);
    const { warnings } = translation.request;
    const body = bodyText(translation);
    // Passthrough is about bytes, translation about what they mean.
    const out = passesThrough(fixture.target) ? body : pretty({ body: JSON.parse(body), warnings });
    await expect(out).toMatchFileSnapshot(fixture.path('request.out.json'));
  });

  test.each(withFile(cases, 'stream.in.txt'))('stream: $name', async ({ fixture, input }) => {
    const { text } = playStream(requestOf(fixture), [bytesOf(input)]);
    await expect(text).toMatchFileSnapshot(fixture.path('stream.out.txt'));
  });

  test.each(withFile(cases, 'answer.in.json'))('answer: $name', async ({ fixture, input }) => {
    const answer = requestOf(fixture).reader.answer(bytesOf(input));
    await expect(answerText(answer)).toMatchFileSnapshot(fixture.path('answer.out.json'));
  });

  test.each(withFile(cases, 'failure.in.json'))('failure: $name', async ({ fixture, input }) => {
    const { status, headers, body, at }: FailureIn = JSON.parse(input);
    const upstream = { status, headers: Object.entries(headers), body: bytesOf(bodyOf(body)) };
    const size = at ?? { estimatedTokens: undefined, windowTokens: undefined };
    const { error, retry } = requestOf(fixture).reader.failure(upstream, size);
    const out = retry.kind === 'none' ? describeError(error) : { ...describeError(error), tryAgain: retry };
    await expect(pretty(out)).toMatchFileSnapshot(fixture.path('failure.out.json'));
  });
});

interface FailureIn {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly at?: { readonly estimatedTokens: number; readonly windowTokens: number };
}

function withFile(cases: readonly FixtureCase[], file: Parameters<FixtureCase['read']>[0]) {
  return cases.flatMap((fixture) => {
    const input = fixture.read(file);
    return input === undefined ? [] : [{ name: fixture.name, fixture, input }];
  });
}

function requestOf(fixture: FixtureCase) {
  return translate(fixture.read('request.in.json') ?? plainRequest, fixture.target);
}

function answerText(answer: Answer): string {
  if (answer.kind === 'failure') return pretty({ failure: describeError(answer.error) });
  const { body, usage } = answer;
  const text = typeof body === 'string' ? decodeByteString(body) : Buffer.from(body).toString('utf8');
  return pretty({ message: JSON.parse(text), usage });
}

function describeError(error: GatewayError) {
  const { code, status, type, retry, retryAfterSeconds, headers, publicMessage, publicDetails } = error;
  return { code, status, type, retry, retryAfterSeconds, headers, publicMessage, publicDetails };
}

function bodyOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
