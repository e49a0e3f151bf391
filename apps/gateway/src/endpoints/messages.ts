import type { Serving } from '@ccg/serving';
import type { GatewayEndpoint } from '../data-app.ts';
import { answerInto } from './answer-into.ts';
import type { AnswerDependencies } from './answer-into.ts';

/** `POST /v1/messages`, as a stream or as JSON. */
export function messagesEndpoint({ serve }: Serving, dependencies: AnswerDependencies): GatewayEndpoint {
  return {
    name: 'messages',
    path: '/v1/messages',
    methods: ['POST'],
    access: 'principal',
    handle: (exchange, principal) => answerInto(exchange, principal, serve, dependencies),
  };
}

/** `POST /v1/messages/count_tokens`: how many tokens a prompt has. */
export function countTokensEndpoint({ countTokens }: Serving, dependencies: AnswerDependencies): GatewayEndpoint {
  return {
    name: 'count_tokens',
    path: '/v1/messages/count_tokens',
    methods: ['POST'],
    access: 'principal',
    handle: (exchange, principal) => answerInto(exchange, principal, countTokens, dependencies),
  };
}
