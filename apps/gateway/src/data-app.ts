import { createApp } from '@ccg/edge';
import type { Authenticator, Endpoint, Exchange, HttpApp, Reporter } from '@ccg/edge';
import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { RequestRecord } from '@ccg/serving';
import { parseTarget } from './parse-target.ts';
import type { RequestTarget } from './parse-target.ts';

export type GatewayExchange = Exchange<RequestTarget>;
export type GatewayEndpoint = Endpoint<RequestTarget, RequestRecord>;

export interface DataAppDependencies {
  readonly endpoints: readonly GatewayEndpoint[];
  readonly authenticate: Authenticator;
  readonly reporter: Reporter<RequestRecord>;
  readonly clock: Clock;
}

/** The data plane's express app; it never listens. */
export function createDataApp(dependencies: DataAppDependencies): HttpApp {
  return createApp({
    ...dependencies,
    readTarget: parseTarget,
    unknownPath,
  });
}

/** What a developer is told whose base URL is a wrong one. */
export const baseUrlAdvice =
  'Set ANTHROPIC_BASE_URL to the URL of the gateway, or to that URL followed by /{provider}:{model}.';

/** Claude Code takes every 404 to a request for a message for an unknown model, and hides what it says. */
function unknownPath(path: string): GatewayError {
  if (!path.endsWith('/v1/messages')) {
    return new GatewayError('path-unknown', `This path does not exist. ${baseUrlAdvice}`);
  }
  const like = { status: 400, type: 'invalid_request_error' } as const;
  return new GatewayError('path-unknown', `The base URL is wrong: this path does not exist. ${baseUrlAdvice}`, like);
}
