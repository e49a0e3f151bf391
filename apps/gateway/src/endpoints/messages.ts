import { serve } from '@ccg/serving';
import type { GatewayEndpoint } from '../data-app.ts';
import { answerInto } from './answer-into.ts';
import type { AnswerDependencies } from './answer-into.ts';

/** `POST /v1/messages`, as a stream or as JSON. */
export function messagesEndpoint(dependencies: AnswerDependencies): GatewayEndpoint {
  return {
    name: 'messages',
    path: '/v1/messages',
    methods: ['POST'],
    access: 'principal',
    handle: (exchange, principal) => answerInto(exchange, principal, serve, dependencies),
  };
}
