import { createApp, sendJson } from '@ccg/edge';
import type { Authenticator, HttpApp, Reporter, Target } from '@ccg/edge';
import type { Clock } from '@ccg/kernel';
import type { Principal } from '@ccg/tenancy';
import { tenantOperations } from './endpoints/tenants.ts';
import { openApiDocument } from './openapi.ts';
import type { AdminDependencies, Operation } from './operation.ts';
import { problemErrors } from './problem.ts';
import { basePath, endpointOf } from './serve-operation.ts';
import type { AdminEndpoint, AdminResult } from './serve-operation.ts';

/** Everything that the API does. */
export const adminOperations: readonly Operation[] = [...tenantOperations];

export interface AdminAppDependencies extends AdminDependencies {
  readonly authenticate: Authenticator<Principal>;
  readonly reporter: Reporter<AdminResult, Principal>;
  readonly clock: Clock;
}

/** The admin API's app; it never listens. */
export function createAdminApp({ authenticate, reporter, clock, ...deps }: AdminAppDependencies): HttpApp {
  return createApp<Target, AdminResult, Principal>({
    endpoints: [documentEndpoint(), ...adminOperations.map((operation) => endpointOf(operation, deps))],
    readTarget,
    unknownPathAdvice: `GET ${basePath}/openapi.json lists the paths.`,
    authenticate,
    reporter,
    clock,
    errorForm: problemErrors,
  });
}

/** The document is made when somebody asks for it first: a start has other things to do. */
function documentEndpoint(): AdminEndpoint {
  let document: object | undefined;
  return {
    name: 'admin.openapi',
    path: `${basePath}/openapi.json`,
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
