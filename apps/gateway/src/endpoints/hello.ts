import { sendJson } from '@ccg/edge';
import { recordWithoutModel } from '@ccg/serving';
import type { GatewayEndpoint } from '../data-app.ts';

/** What clients ask before they have a credential: whether anybody is there. */
export function helloEndpoints(): GatewayEndpoint[] {
  return ['/', '/api/hello'].map((path) => ({
    name: 'hello',
    path,
    methods: ['GET', 'HEAD'],
    access: 'public',
    handle(exchange) {
      sendJson(exchange, { message: 'Claude Code Proxy' });
      return Promise.resolve(recordWithoutModel({ kind: 'completed' }));
    },
  }));
}
