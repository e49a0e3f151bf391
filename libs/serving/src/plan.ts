import { resolveRoute } from '@ccg/catalog';
import type { Target } from '@ccg/catalog';
import { readMessagesRequest } from '@ccg/wire';
import type { MessagesRequest } from '@ccg/wire';
import type { Facts } from './outcome.ts';
import type { ServeDependencies } from './serve-dependencies.ts';
import type { ServeRequest } from './serve-request.ts';

export interface Plan {
  readonly messagesRequest: MessagesRequest;
  readonly target: Target;
}

/** Reads what a request wants and decides who serves it. Throws `GatewayError`. */
export function plan(
  { takeBody, prefix }: ServeRequest,
  { catalog, targets }: Pick<ServeDependencies, 'catalog' | 'targets'>,
  facts: Facts,
): Plan {
  const messagesRequest = readMessagesRequest(takeBody());
  facts.requestedModel = messagesRequest.model;
  facts.stream = messagesRequest.stream;
  const [target] = resolveRoute(catalog, targets, { model: messagesRequest.model, prefix }).targets;
  facts.provider = target.provider.name;
  facts.model = target.model;
  facts.dialect = target.dialect;
  return { messagesRequest, target };
}
