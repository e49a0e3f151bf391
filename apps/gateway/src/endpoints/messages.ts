import type { Serving } from '@ccg/serving';
import type { GatewayEndpoint } from '../data-app.ts';
import { answerInto, servingScope } from './answer-into.ts';
import type { AnswerDependencies } from './answer-into.ts';

/** What reaches a model: a message, as a stream or as JSON, and how many tokens a prompt has. */
export function servingEndpoints(
  { serve, countTokens }: Serving,
  dependencies: AnswerDependencies,
): readonly GatewayEndpoint[] {
  const shared = { methods: ['POST'], access: 'principal', scope: servingScope } as const;
  return [
    {
      ...shared,
      name: 'messages',
      path: '/v1/messages',
      handle: (exchange, principal) => answerInto(exchange, principal, serve, dependencies),
    },
    {
      ...shared,
      name: 'count_tokens',
      path: '/v1/messages/count_tokens',
      handle: (exchange, principal) => answerInto(exchange, principal, countTokens, dependencies),
    },
  ];
}
