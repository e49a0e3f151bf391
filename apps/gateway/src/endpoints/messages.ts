import type { Clock } from '@ccg/kernel';
import { serve } from '@ccg/serving';
import type { ServeDependencies } from '@ccg/serving';
import { headerList } from '../http/exchange.ts';
import type { Endpoint } from '../http/exchange.ts';
import { readBody } from '../http/read-body.ts';
import { createResponseSink } from '../http/response-sink.ts';
import type { InterruptibleSink, SinkTimes } from '../http/response-sink.ts';

export interface MessagesDependencies {
  readonly serving: ServeDependencies;
  readonly sinkTimes: SinkTimes;
  readonly clock: Clock;
  /** The answers under way, to be ended when the process must go. */
  readonly openSinks: Set<InterruptibleSink>;
}

/** `POST /v1/messages`, as a stream or as JSON. */
export function messagesEndpoint({ serving, sinkTimes, clock, openSinks }: MessagesDependencies): Endpoint {
  return {
    name: 'messages',
    path: '/v1/messages',
    methods: ['POST'],
    access: 'principal',
    async handle({ request, response, requestId, receivedAtMs, target }, principal) {
      const body = await readBody(request, response);
      const sink = createResponseSink(response, requestId, sinkTimes, clock);
      openSinks.add(sink);
      try {
        const place = target.kind === 'target' ? target : { prefix: undefined, query: '' };
        const { prefix, query } = place;
        const headers = headerList(request.headers);
        return await serve({ requestId, principal, prefix, headers, query, body, receivedAtMs }, serving, sink);
      } finally {
        openSinks.delete(sink);
        sink.release();
      }
    },
  };
}
