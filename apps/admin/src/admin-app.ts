import { createApp, sendJson } from '@ccg/edge';
import type { Authenticator, HttpApp, Reporter, Target } from '@ccg/edge';
import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Principal } from '@ccg/tenancy';
import { apiKeyOperations } from './endpoints/api-keys.ts';
import { applyOperations } from './endpoints/apply.ts';
import { auditOperations } from './endpoints/audit.ts';
import { batchOperations } from './endpoints/batches.ts';
import { logLevelOperations } from './endpoints/log-level.ts';
import { limitOperations } from './endpoints/limits.ts';
import { policyOperations } from './endpoints/policies.ts';
import { refusalOperations } from './endpoints/refusals.ts';
import { requestOperations } from './endpoints/requests.ts';
import { selfOperations } from './endpoints/self.ts';
import { sessionOperations } from './endpoints/sessions.ts';
import { tenantOperations } from './endpoints/tenants.ts';
import { tokenOperations } from './endpoints/tokens.ts';
import { usageOperations } from './endpoints/usage.ts';
import { userOperations } from './endpoints/users.ts';
import { documentPath, openApiDocument } from './openapi.ts';
import type { Operation } from './operation.ts';
import { problemErrors } from './problem.ts';
import { endpointOf } from './serve-operation.ts';
import type { AdminEndpoint, AdminResult, ServeDependencies } from './serve-operation.ts';

/** Everything that the API does. */
export const adminOperations: readonly Operation[] = [
  ...selfOperations,
  ...tenantOperations,
  ...userOperations,
  ...policyOperations,
  ...limitOperations,
  ...apiKeyOperations,
  ...tokenOperations,
  ...sessionOperations,
  ...batchOperations,
  ...usageOperations,
  ...requestOperations,
  ...refusalOperations,
  ...auditOperations,
  ...applyOperations,
  ...logLevelOperations,
];

/** Everything that is served. */
export function adminEndpoints(deps: ServeDependencies): readonly AdminEndpoint[] {
  return [documentEndpoint(), ...adminOperations.map((operation) => endpointOf(operation, deps))];
}

export interface AdminAppDependencies {
  readonly endpoints: readonly AdminEndpoint[];
  readonly authenticate: Authenticator<Principal>;
  readonly reporter: Reporter<AdminResult, Principal>;
  readonly clock: Clock;
}

/** The admin API's app; it never listens. */
export function createAdminApp(dependencies: AdminAppDependencies): HttpApp {
  return createApp<Target, AdminResult, Principal>({
    ...dependencies,
    readTarget,
    unknownPath: () =>
      new GatewayError('path-unknown', `This path does not exist. GET ${documentPath} lists the paths.`),
    errorForm: problemErrors,
  });
}

/** The document is made when somebody asks for it first: a start has other things to do. */
function documentEndpoint(): AdminEndpoint {
  let document: object | undefined;
  return {
    name: 'admin.openapi',
    path: documentPath,
    methods: ['GET', 'HEAD'],
    access: 'public',
    handle(exchange) {
      document ??= openApiDocument(adminOperations);
      exchange.response.setHeader('cache-control', 'no-store');
      sendJson(exchange, document);
      return Promise.resolve({ kind: 'answered' });
    },
  };
}

/** Gives undefined for a malformed escape. A slash at the end means nothing. */
function readTarget(rawUrl: string): Target | undefined {
  const [rawPath = '', query] = rawUrl.replace(/^https?:\/\/[^/?]*/iu, '').split(/\?(.*)/su);
  try {
    const path = decodeURIComponent(rawPath).replace(/\/+$/u, '');
    return { path: path === '' ? '/' : path, query: query === undefined ? '' : `?${query}` };
  } catch {
    return undefined;
  }
}
