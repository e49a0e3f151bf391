import { countTokens } from '@ccg/serving';
import type { GatewayEndpoint } from '../data-app.ts';
import { answerInto } from './answer-into.ts';
import type { AnswerDependencies } from './answer-into.ts';

/** `POST /v1/messages/count_tokens`: how many tokens a prompt has. */
export function countTokensEndpoint(dependencies: AnswerDependencies): GatewayEndpoint {
  return {
    name: 'count_tokens',
    path: '/v1/messages/count_tokens',
    methods: ['POST'],
    access: 'principal',
    handle: (exchange, principal) => answerInto(exchange, principal, countTokens, dependencies),
  };
}
