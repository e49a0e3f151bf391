import type { UpstreamRequest } from '@ccg/translation';
import { passesQuery, requestHeaders, UpstreamCallError } from '@ccg/upstream';
import type { UpstreamResponse } from '@ccg/upstream';
import type { AttemptContext } from './attempt-context.ts';

/** A connection that failed before any byte of an answer is tried once more; an HTTP answer is an answer. */
export async function callProvider(
  { request, target, dependencies, facts }: AttemptContext,
  { path, headers, body }: Pick<UpstreamRequest, 'path' | 'headers' | 'body'>,
  signal: AbortSignal,
): Promise<UpstreamResponse> {
  const { provider } = target;
  const query = passesQuery(provider) ? request.query : '';
  const call = {
    method: 'POST' as const,
    url: provider.baseUrl + path + query,
    headers: requestHeaders(provider, request.headers, headers),
    body,
    signal,
  };
  facts.attempts += 1;
  const response = await dependencies.upstream.send(call).catch((thrown: unknown) => {
    if (!(thrown instanceof UpstreamCallError) || thrown.kind !== 'unreachable') throw thrown;
    facts.attempts += 1;
    return dependencies.upstream.send(call);
  });
  facts.upstreamStatus = response.status;
  facts.upstreamRequestId = header(response, 'request-id') ?? header(response, 'x-request-id');
  return response;
}

function header(response: UpstreamResponse, name: string): string | undefined {
  return response.headers.find(([key]) => key === name)?.[1];
}
