import { recordWithoutModel } from '@ccg/serving';
import type { GatewayEndpoint } from '../data-app.ts';

/** What clients ask before they have a credential: whether anybody is there. */
export function helloEndpoints(): GatewayEndpoint[] {
  return ['/', '/api/hello'].map((path) => ({
    name: 'hello',
    path,
    methods: ['GET', 'HEAD'],
    access: 'public',
    handle({ response, requestId }) {
      response.setHeader('request-id', requestId);
      response.status(200).json({ message: 'Claude Code Proxy' });
      return Promise.resolve(recordWithoutModel({ kind: 'completed' }));
    },
  }));
}
