import type { UpstreamRequest } from '@ccg/translation';
import { UpstreamCallError } from '@ccg/upstream';
import type { UpstreamResponse } from '@ccg/upstream';
import type { AttemptContext } from './attempt-context.ts';

/** A connection that failed before any byte of an answer is tried once more; an HTTP answer is an answer. */
export async function callProvider(
  { request, target, dependencies, facts }: AttemptContext,
  operation: 'messages' | 'count',
  { headers, body }: Pick<UpstreamRequest, 'headers' | 'body'>,
  signal: AbortSignal,
): Promise<UpstreamResponse> {
  const call = { operation, headers, body, client: request };
  facts.attempts += 1;
  const response = await dependencies.upstream.call(target, call, signal).catch((thrown: unknown) => {
    if (!(thrown instanceof UpstreamCallError) || thrown.kind !== 'unreachable') throw thrown;
    facts.attempts += 1;
    return dependencies.upstream.call(target, call, signal);
  });
  facts.upstreamStatus = response.status;
  facts.upstreamRequestId = header(response, 'request-id') ?? header(response, 'x-request-id');
  return response;
}

function header(response: UpstreamResponse, name: string): string | undefined {
  return response.headers.find(([key]) => key === name)?.[1];
}
