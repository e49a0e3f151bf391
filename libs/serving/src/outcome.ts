import type { GatewayError } from '@ccg/kernel';
import type { Dialect } from '@ccg/catalog';
import type { Warning } from '@ccg/translation';
import { noUsage } from '@ccg/wire';
import type { Usage } from '@ccg/wire';

/** What is known about a request by the time it ends: the log line and the metrics are made of it. */
export interface Facts {
  requestedModel: string | undefined;
  provider: string | undefined;
  model: string | undefined;
  dialect: Dialect | undefined;
  stream: boolean;
  /** Calls to upstreams, connection retries included. */
  attempts: number;
  upstreamStatus: number | undefined;
  upstreamRequestId: string | undefined;
  firstEventMs: number | undefined;
  usage: Usage;
  /** Whether the provider counted; else the usage is what the gateway takes it to be. */
  usageReported: boolean;
  warnings: readonly Warning[];
}

export type Outcome =
  /** The whole answer was written. */
  | { readonly kind: 'completed'; readonly facts: Readonly<Facts> }
  /** Nothing was sent: the caller renders the error. */
  | { readonly kind: 'rejected'; readonly error: GatewayError; readonly facts: Readonly<Facts> }
  /** The error was told as the last event of a stream that had begun. */
  | { readonly kind: 'broken'; readonly error: GatewayError; readonly facts: Readonly<Facts> }
  /** Nobody was left to tell. */
  | { readonly kind: 'aborted'; readonly reason: string; readonly facts: Readonly<Facts> };

/** Facts of a request of which nothing is known yet. */
export function noFacts(): Facts {
  return {
    requestedModel: undefined,
    provider: undefined,
    model: undefined,
    dialect: undefined,
    stream: false,
    attempts: 0,
    upstreamStatus: undefined,
    upstreamRequestId: undefined,
    firstEventMs: undefined,
    usage: noUsage,
    usageReported: false,
    warnings: [],
  };
}
