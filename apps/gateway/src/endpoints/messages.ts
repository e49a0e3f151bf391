import { serve } from '@ccg/serving';
import type { Endpoint } from '../http/exchange.ts';
import { answerInto } from './answer-into.ts';
import type { AnswerDependencies } from './answer-into.ts';

/** `POST /v1/messages`, as a stream or as JSON. */
export function messagesEndpoint(dependencies: AnswerDependencies): Endpoint {
  return {
    name: 'messages',
    path: '/v1/messages',
    methods: ['POST'],
    access: 'principal',
    handle: (exchange, principal) => answerInto(exchange, principal, serve, dependencies),
  };
}
