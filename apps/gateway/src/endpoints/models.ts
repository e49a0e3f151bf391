import { listModels } from '@ccg/catalog';
import type { Catalog } from '@ccg/catalog';
import { noFacts } from '@ccg/serving';
import type { Endpoint } from '../http/exchange.ts';

/** `GET /v1/models`: the models that the configuration names, in Anthropic's shape. */
export function modelsEndpoint(catalog: Catalog, startedAt: Date): Endpoint {
  const createdAt = startedAt.toISOString();
  const data = listModels(catalog).map(({ id, displayName }) => ({
    type: 'model',
    id,
    display_name: displayName,
    created_at: createdAt,
  }));
  const list = { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  return {
    name: 'models',
    path: '/v1/models',
    methods: ['GET', 'HEAD'],
    access: 'principal',
    handle({ response, requestId }) {
      response.setHeader('request-id', requestId);
      response.status(200).json(list);
      return Promise.resolve({ kind: 'completed', facts: noFacts() });
    },
  };
}
