import { createApp } from '@ccg/edge';
import type { Authenticator, Endpoint, Exchange, HttpApp, Reporter } from '@ccg/edge';
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
    unknownPathAdvice:
      'Set ANTHROPIC_BASE_URL to the URL of the gateway, or to that URL followed by /{provider}:{model}.',
  });
}
