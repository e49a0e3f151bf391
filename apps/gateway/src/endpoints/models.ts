import { sendJson } from '@ccg/edge';
import { GatewayError } from '@ccg/kernel';
import { findModel, resolveRoute } from '@ccg/catalog';
import type { Catalog, ListedModel, Targets } from '@ccg/catalog';
import { listAllowedModels, recordWithoutModel, refuseUnlessAllowed } from '@ccg/serving';
import type { RequestRecord } from '@ccg/serving';
import type { GatewayEndpoint, GatewayExchange } from '../data-app.ts';
import { pageOf } from './page-of.ts';

const methods = ['GET', 'HEAD'];

/** `GET /v1/models` and `GET /v1/models/{id}`, in Anthropic's shape. */
export function modelsEndpoints(catalog: Catalog, targets: Targets): GatewayEndpoint[] {
  return [
    {
      name: 'models',
      path: '/v1/models',
      methods,
      access: 'principal',
      scope: 'messages',
      async handle(exchange, principal) {
        const models = listAllowedModels(principal, { catalog, targets });
        return answer(exchange, pageOf(models.map(render), exchange.target.query));
      },
    },
    {
      name: 'model',
      // Ids contain slashes, so the rest of the path is the id.
      path: '/v1/models/*id',
      methods,
      access: 'principal',
      scope: 'messages',
      async handle(exchange, principal) {
        const id = exchange.target.path.slice('/v1/models/'.length);
        const model = findModel(catalog, targets, id);
        if (model === undefined) {
          throw new GatewayError(
            'model-unknown',
            `This gateway knows no model "${id}". GET /v1/models lists the configured ones.`,
          );
        }
        const route = resolveRoute(catalog, targets, { model: id, prefix: undefined });
        refuseUnlessAllowed(principal, route, { catalog, targets });
        return answer(exchange, render(model));
      },
    },
  ];
}

function answer(exchange: GatewayExchange, body: object): Promise<RequestRecord> {
  sendJson(exchange, body);
  return Promise.resolve(recordWithoutModel({ kind: 'completed' }));
}

function render({ id, displayName, contextTokens, outputTokens }: ListedModel) {
  return {
    type: 'model',
    id,
    display_name: displayName,
    // The API's own value for an unknown release.
    created_at: '1970-01-01T00:00:00Z',
    max_input_tokens: contextTokens ?? null,
    max_tokens: outputTokens ?? null,
  };
}
