import { sendJson } from '@ccg/edge';
import { GatewayError } from '@ccg/kernel';
import { recordWithoutModel } from '@ccg/serving';
import { baseUrlAdvice } from '../data-app.ts';
import type { GatewayEndpoint } from '../data-app.ts';

/** What clients ask before they have a credential: whether anybody is there. */
export function helloEndpoints(): GatewayEndpoint[] {
  return [...['/', '/api/hello'].map(helloEndpoint), lostMessages];
}

function helloEndpoint(path: string): GatewayEndpoint {
  return {
    name: 'hello',
    path,
    methods: ['GET', 'HEAD'],
    access: 'public',
    handle(exchange) {
      sendJson(exchange, { message: 'Claude Code Proxy' });
      return Promise.resolve(recordWithoutModel({ kind: 'completed' }));
    },
  };
}

/** A base URL with a query takes the paths of all requests into the query. */
const lostMessages: GatewayEndpoint = {
  name: 'hello',
  path: '/',
  methods: 'any',
  access: 'public',
  handle({ request: { method } }) {
    const told = `${method} is not allowed at /. Use GET, HEAD. ${baseUrlAdvice} It has no query.`;
    return Promise.reject(new GatewayError('method-not-allowed', told, { headers: { allow: 'GET, HEAD' } }));
  },
};
