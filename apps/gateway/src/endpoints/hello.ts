import { sendJson } from '@ccg/edge';
import { recordWithoutModel } from '@ccg/serving';
import { baseUrlAdvice } from '../data-app.ts';
import type { GatewayEndpoint } from '../data-app.ts';

/** What clients ask before they have a credential: whether anybody is there. */
export function helloEndpoints(): GatewayEndpoint[] {
  return ['/', '/api/hello'].map((path) => ({
    name: 'hello',
    path,
    methods: ['GET', 'HEAD'],
    access: 'public',
    // A base URL with a query takes the paths of all requests into the query.
    otherMethodsAdvice: `${baseUrlAdvice} It has no query.`,
    handle(exchange) {
      sendJson(exchange, { message: 'Claude Code Proxy' });
      return Promise.resolve(recordWithoutModel({ kind: 'completed' }));
    },
  }));
}
