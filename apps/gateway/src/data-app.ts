import { createApp } from '@ccg/edge';
import type { Endpoint, Exchange, HttpApp, Reporter } from '@ccg/edge';
import type { Clock, Secret } from '@ccg/kernel';
import type { RequestRecord } from '@ccg/serving';
import type { ApiKeyVerifier } from '@ccg/tenancy';
import { parseTarget } from './parse-target.ts';
import type { RequestTarget } from './parse-target.ts';

export type GatewayExchange = Exchange<RequestTarget>;
export type GatewayEndpoint = Endpoint<RequestTarget, RequestRecord>;

export interface DataAppDependencies {
  readonly endpoints: readonly GatewayEndpoint[];
  readonly verifier: ApiKeyVerifier;
  readonly keylessAs?: Secret | undefined;
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
