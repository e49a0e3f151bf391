import { headerList, sendJson } from '@ccg/edge';
import { recordWithoutModel } from '@ccg/serving';
import type { TellUsage } from '@ccg/serving';
import { GatewayError } from '@ccg/kernel';
import { StoreUnavailableError } from '@ccg/store';
import type { GatewayEndpoint } from '../data-app.ts';

/** `GET /api/oauth/usage`, where Claude Code asks for the money of whoever uses it. */
export function usageEndpoints(tellUsage: TellUsage): GatewayEndpoint[] {
  return [
    {
      name: 'usage',
      path: '/api/oauth/usage',
      methods: ['GET', 'HEAD'],
      access: 'principal',
      scope: 'self',
      async handle(exchange, principal) {
        const usage = await tellUsage(principal, headerList(exchange.request.headers)).catch(unreadable);
        exchange.response.setHeader('cache-control', 'no-store');
        sendJson(exchange, usage);
        return recordWithoutModel({ kind: 'completed' });
      },
    },
  ];
}

function unreadable(thrown: unknown): never {
  if (!(thrown instanceof StoreUnavailableError)) throw thrown;
  throw new GatewayError(
    'store-unavailable',
    'The gateway cannot read your usage right now: its store does not answer. Try again in a few seconds.',
    { retryAfterSeconds: 5 },
  );
}
