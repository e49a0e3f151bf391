import { findModel, listModels, namesOfTarget, resolveRoute } from '@ccg/catalog';
import type { Catalog, ListedModel, Route, Targets } from '@ccg/catalog';
import { GatewayError } from '@ccg/kernel';
import { isAllowed } from '@ccg/tenancy';
import type { Authorization, Policy, TenantPrincipal } from '@ccg/tenancy';

export interface Models {
  readonly catalog: Catalog;
  readonly targets: Targets;
}

const namedMax = 10;
const nameMaxLength = 200;

/**
 * Lets a request pass whose policy allows the model and every target of its route.
 *
 * @throws GatewayError 403 `model-denied` that names what may be used instead.
 */
export function refuseUnlessAllowed(
  { authorization: { policy } }: TenantPrincipal,
  route: Route,
  models: Models,
): void {
  if (isRouteAllowed(policy, route, models.catalog)) return;
  const [target] = route.targets;
  const asked = route.chosen.kind === 'target' ? target.key : route.requestedModel;
  const named = asked.slice(0, nameMaxLength).toWellFormed();
  throw new GatewayError(
    'model-denied',
    `You may not use the model "${named}" here. ${describeAllowed(policy, models)} ` +
      'Ask the administrator of your team for more.',
    { reason: named },
  );
}

/** The models of the configuration and of the allowlists that a principal may use. */
export function listAllowedModels(
  { authorization: { policy } }: { readonly authorization: Pick<Authorization, 'policy'> },
  { catalog, targets }: Models,
): readonly ListedModel[] {
  const listed = listModels(catalog, targets);
  if (policy.kind === 'allow-all') return listed;
  const named = policy.levels
    .flatMap(({ models = [] }) => models.filter((name) => !name.includes('*')))
    .flatMap((name) => findModel(catalog, targets, name) ?? []);
  const byId = new Map([...listed, ...named].map((model) => [model.id, model]));
  return [...byId.values()].filter(({ id }) => {
    const route = resolveRoute(catalog, targets, { model: id, prefix: undefined });
    return isRouteAllowed(policy, route, catalog);
  });
}

function isRouteAllowed(policy: Policy, { chosen, targets }: Route, catalog: Catalog): boolean {
  if (policy.kind === 'allow-all') return true;
  return isAllowed(policy, { ...chosen, targets: targets.map((target) => namesOfTarget(catalog, target)) });
}

function describeAllowed(policy: Policy, models: Models): string {
  const ids = listAllowedModels({ authorization: { policy } }, models).map(({ id }) => id);
  if (ids.length > 0) {
    const more = ids.length > namedMax ? ', and others: GET /v1/models lists them' : '';
    return `You may use: ${ids.slice(0, namedMax).join(', ')}${more}.`;
  }
  const patterns =
    policy.kind === 'restricted'
      ? policy.levels.flatMap((level) => [...(level.models ?? []), ...(level.targets ?? [])])
      : [];
  return patterns.length === 0
    ? 'You may use none.'
    : `You may use: ${[...new Set(patterns)].slice(0, namedMax).join(', ')}.`;
}
