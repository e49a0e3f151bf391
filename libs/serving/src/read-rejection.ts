import { GatewayError } from '@ccg/kernel';
import type { AnswerReader, UpstreamFailure } from '@ccg/translation';
import { findInAnswer, wrongBaseUrlError } from '@ccg/upstream';
import type { UpstreamResponse } from '@ccg/upstream';
import type { AttemptContext } from './attempt-context.ts';

const errorBodyMaxBytes = 1024 * 1024;

/** What the client is told when a provider did not say 2xx, and whether to ask again. */
export async function readRejection(
  response: UpstreamResponse,
  reader: AnswerReader,
  { facts, target, estimate }: AttemptContext,
): Promise<UpstreamFailure> {
  const body = await response.body.collect(errorBodyMaxBytes);
  const { status, headers } = response;
  const wrongBaseUrl = findInAnswer({ status, headers, body });
  if (wrongBaseUrl !== undefined) return { error: wrongBaseUrlError(target, wrongBaseUrl), retry: { kind: 'none' } };
  const failure = reader.failure(
    { status, headers, body },
    { estimatedTokens: await estimate.tokens(), windowTokens: target.limits.contextTokens },
  );
  return { ...failure, error: traced(failure.error, facts.upstreamRequestId) };
}

/** With the provider's own id of the request, for a question to its support. */
function traced(error: GatewayError, upstreamRequestId: string | undefined): GatewayError {
  if (upstreamRequestId === undefined) return error;
  return new GatewayError(error.code, error.publicMessage, {
    status: error.status,
    type: error.type,
    retry: error.retry,
    headers: { ...error.headers, 'x-upstream-request-id': upstreamRequestId },
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  });
}
