import { createResponseSink, headerList, readBody, requireScope } from '@ccg/edge';
import type { Authenticator, BodyMemory, OpenSinks, SinkTimes } from '@ccg/edge';
import type { Clock, Scope } from '@ccg/kernel';
import { answerTraced } from '@ccg/serving';
import type { RequestRecord, ResponseSink, ServeRequest } from '@ccg/serving';
import type { Metrics, Tracing } from '@ccg/telemetry';
import type { TenantPrincipal } from '@ccg/tenancy';
import type { GatewayExchange } from '../data-app.ts';
import type { SessionKills } from '../session-kills.ts';

export interface AnswerDependencies {
  readonly sinkTimes: SinkTimes;
  readonly clock: Clock;
  readonly openSinks: OpenSinks;
  readonly sessionKills: Pick<SessionKills, 'endIfKilled'>;
  readonly bodyMemory: BodyMemory;
  /** Finds out again who a request acts for that has waited. */
  readonly reauthenticate: Authenticator;
  readonly metrics: Pick<Metrics, 'pinged'>;
  /** Undefined where requests are not traced. */
  readonly tracing: Tracing | undefined;
}

/** What a credential must have whose request is answered. */
export const servingScope: Scope = 'messages';

type Answer = (request: ServeRequest, sink: ResponseSink) => Promise<RequestRecord>;

/** Reads the body of a request and has it answered into its response. */
export async function answerInto(
  { request, response, requestId, receivedAtMs, elapsedMs, target }: GatewayExchange,
  principal: TenantPrincipal,
  answer: Answer,
  { sinkTimes, clock, openSinks, sessionKills, bodyMemory, reauthenticate, metrics, tracing }: AnswerDependencies,
): Promise<RequestRecord> {
  const account = bodyMemory.open();
  try {
    const takeBody = await readBody(request, response, { account, clock });
    const sink = createResponseSink(response, requestId, sinkTimes, clock, metrics.pinged);
    const headers = headerList(request.headers);
    const waiting = { principal, headers };
    const close = openSinks.add(sink, waiting);
    try {
      const { prefix, query } = target;
      sessionKills.endIfKilled(sink, waiting, receivedAtMs);
      const bodyFreed = account.release;
      const principalNow = async () => {
        const now = await reauthenticate(request);
        requireScope(now, servingScope);
        return now;
      };
      const who = { principal, principalNow };
      const asked = { requestId, ...who, prefix, headers, query, takeBody, bodyFreed, receivedAtMs, elapsedMs };
      if (tracing === undefined) return await answer(asked, sink);
      const traceparent = headers.find(([name]) => name === 'traceparent')?.[1];
      return await answerTraced(asked, sink, answer, { tracing, trace: tracing.begin(traceparent) });
    } finally {
      close();
      sink.release();
    }
  } finally {
    account.release();
  }
}
