import { createResponseSink, headerList, readBody } from '@ccg/edge';
import type { OpenSinks, SinkTimes } from '@ccg/edge';
import type { Clock } from '@ccg/kernel';
import type { Outcome, ResponseSink, ServeDependencies, ServeRequest } from '@ccg/serving';
import type { Principal } from '@ccg/tenancy';
import type { GatewayExchange } from '../data-app.ts';

export interface AnswerDependencies {
  readonly serving: ServeDependencies;
  readonly sinkTimes: SinkTimes;
  readonly clock: Clock;
  readonly openSinks: OpenSinks;
}

type Serve = (request: ServeRequest, dependencies: ServeDependencies, sink: ResponseSink) => Promise<Outcome>;

/** Reads the body of a request and has it answered into its response. */
export async function answerInto(
  { request, response, requestId, receivedAtMs, target }: GatewayExchange,
  principal: Principal,
  serve: Serve,
  { serving, sinkTimes, clock, openSinks }: AnswerDependencies,
): Promise<Outcome> {
  const takeBody = await readBody(request, response);
  const sink = createResponseSink(response, requestId, sinkTimes, clock);
  const close = openSinks.add(sink);
  try {
    const { prefix, query } = target;
    const headers = headerList(request.headers);
    return await serve({ requestId, principal, prefix, headers, query, takeBody, receivedAtMs }, serving, sink);
  } finally {
    close();
    sink.release();
  }
}
