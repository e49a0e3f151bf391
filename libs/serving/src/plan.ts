import { resolveRoute } from '@ccg/catalog';
import type { Catalog, Target } from '@ccg/catalog';
import { readMessagesRequest } from '@ccg/wire';
import type { MessagesRequest } from '@ccg/wire';
import type { Facts } from './outcome.ts';
import type { ServeRequest } from './serve-request.ts';

export interface Plan {
  readonly messagesRequest: MessagesRequest;
  readonly target: Target;
}

/** Reads what a request wants and decides who serves it. Throws `GatewayError`. */
export function plan({ takeBody, prefix }: ServeRequest, catalog: Catalog, facts: Facts): Plan {
  const messagesRequest = readMessagesRequest(takeBody());
  facts.requestedModel = messagesRequest.model;
  facts.stream = messagesRequest.stream;
  const [target] = resolveRoute(catalog, { model: messagesRequest.model, prefix }).targets;
  facts.provider = target.provider.name;
  facts.model = target.model;
  facts.dialect = target.provider.dialect;
  return { messagesRequest, target };
}
