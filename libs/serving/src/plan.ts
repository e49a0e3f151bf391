import { resolveRoute } from '@ccg/catalog';
import type { Catalog, Target } from '@ccg/catalog';
import { readEnvelope } from '@ccg/wire';
import type { Envelope } from '@ccg/wire';
import type { Facts } from './outcome.ts';
import type { ServeRequest } from './serve-request.ts';

export interface Plan {
  readonly envelope: Envelope;
  readonly target: Target;
}

/** Reads what a request wants and decides who serves it. Throws `GatewayError`. */
export function plan({ takeBody, prefix }: ServeRequest, catalog: Catalog, facts: Facts): Plan {
  const envelope = readEnvelope(takeBody());
  facts.requestedModel = envelope.model;
  facts.stream = envelope.stream;
  const [target] = resolveRoute(catalog, { model: envelope.model, prefix }).targets;
  facts.provider = target.provider.name;
  facts.model = target.model;
  facts.dialect = target.provider.dialect;
  return { envelope, target };
}
