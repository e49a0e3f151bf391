import { modelLimits } from '@ccg/catalog';
import { GatewayError } from '@ccg/kernel';
import type { Translation } from '@ccg/translation';
import type { UpstreamResponse } from '@ccg/upstream';
import type { AttemptContext } from './attempt.ts';

const errorBodyMaxBytes = 1024 * 1024;

/** What the client is told when a provider did not say 2xx. */
export async function refusal(
  response: UpstreamResponse,
  translation: Translation,
  { facts, target, estimate }: AttemptContext,
): Promise<GatewayError> {
  const body = await response.body.collect(errorBodyMaxBytes);
  const { status, headers } = response;
  const { error } = translation.failure(
    { status, headers, body },
    { estimatedTokens: await estimate.tokens(), windowTokens: modelLimits(target.model).contextTokens },
  );
  const upstreamRequestId = facts.upstreamRequestId;
  if (upstreamRequestId === undefined) return error;
  return new GatewayError(error.code, error.publicMessage, {
    status: error.status,
    type: error.type,
    retry: error.retry,
    headers: { ...error.headers, 'x-upstream-request-id': upstreamRequestId },
    ...(error.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: error.retryAfterSeconds }),
  });
}
