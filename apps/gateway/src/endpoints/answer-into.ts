import type { Clock } from '@ccg/kernel';
import type { Outcome, ResponseSink, ServeDependencies, ServeRequest } from '@ccg/serving';
import type { Principal } from '@ccg/tenancy';
import { headerList } from '../http/exchange.ts';
import type { Exchange } from '../http/exchange.ts';
import { readBody } from '../http/read-body.ts';
import type { OpenSinks } from '../http/open-sinks.ts';
import { createResponseSink } from '../http/response-sink.ts';
import type { SinkTimes } from '../http/response-sink.ts';

export interface AnswerDependencies {
  readonly serving: ServeDependencies;
  readonly sinkTimes: SinkTimes;
  readonly clock: Clock;
  readonly openSinks: OpenSinks;
}

type Serve = (request: ServeRequest, dependencies: ServeDependencies, sink: ResponseSink) => Promise<Outcome>;

/** Reads the body of a request and has it answered into its response. */
export async function answerInto(
  { request, response, requestId, receivedAtMs, target }: Exchange,
  principal: Principal,
  serve: Serve,
  { serving, sinkTimes, clock, openSinks }: AnswerDependencies,
): Promise<Outcome> {
  const takeBody = await readBody(request, response);
  const sink = createResponseSink(response, requestId, sinkTimes, clock);
  const close = openSinks.add(sink);
  try {
    const { prefix, query } = target.kind === 'target' ? target : { prefix: undefined, query: '' };
    const headers = headerList(request.headers);
    return await serve({ requestId, principal, prefix, headers, query, takeBody, receivedAtMs }, serving, sink);
  } finally {
    close();
    sink.release();
  }
}
