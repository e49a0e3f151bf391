import { createApiKey, done, getApiKey, listApiKeys, refused, revokeApiKey, rotateApiKey } from '@ccg/tenancy';
import type { Actor, Principal, Result } from '@ccg/tenancy';
import { assertNever, GatewayError, scopes } from '@ccg/kernel';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { apiKeyRecord, issuedApiKey } from '../records.ts';
import { pageOf, pageQuery } from '../schemas.ts';
import { newApiKey, overlapOf, rotation, shown, withTime } from './api-keys.ts';

export const selfOperations = [
  operation({
    name: 'admin.self.get',
    method: 'GET',
    path: '/self',
    summary: 'Tells who the credential stands for.',
    scope: 'any credential',
    status: 200,
    answer: z.strictObject({
      kind: z.enum(['operator', 'api-key', 'token']),
      name: z.string().optional().meta({ description: 'Of an operator.' }),
      tenant: z.string().optional(),
      user: z.string().optional().meta({ description: 'Left out for a service.' }),
      apiKeyId: z.string().optional(),
      issuer: z.string().optional(),
      scopes: z.array(z.enum(scopes)),
    }),
    handle: ({ actor }) => Promise.resolve(done(describe(actor))),
  }),
  operation({
    name: 'admin.self.api-keys.list',
    method: 'GET',
    path: '/self/api-keys',
    summary: 'Lists the API keys of the caller.',
    scope: 'self',
    query: pageQuery,
    status: 200,
    answer: pageOf(apiKeyRecord),
    handle: ({ actor, query }, { tenancy }) =>
      asDeveloper(actor, (own) => listApiKeys(tenancy, own.actor, { tenant: own.tenant, ...query })),
  }),
  operation({
    name: 'admin.self.api-keys.create',
    method: 'POST',
    path: '/self/api-keys',
    summary: 'Creates an API key of the caller, with at most the scopes messages, batches and self.',
    scope: 'self',
    body: newApiKey,
    idempotency: 'self',
    status: 201,
    answer: issuedApiKey,
    handle: ({ actor, body }, { tenancy }) =>
      asDeveloper(actor, async (own) =>
        shown(await createApiKey(tenancy, own.actor, { tenant: own.tenant, ...withTime(body) })),
      ),
  }),
  operation({
    name: 'admin.self.api-keys.get',
    method: 'GET',
    path: '/self/api-keys/{id}',
    summary: 'Reads an API key of the caller, without its text.',
    scope: 'self',
    status: 200,
    answer: apiKeyRecord,
    handle: ({ actor, params }, { tenancy }) =>
      asDeveloper(actor, (own) => getApiKey(tenancy, own.actor, { tenant: own.tenant, ...params })),
  }),
  operation({
    name: 'admin.self.api-keys.rotate',
    method: 'POST',
    path: '/self/api-keys/{id}/rotate',
    summary: 'Replaces an API key of the caller by a new one with the same settings.',
    scope: 'self',
    body: rotation,
    idempotency: 'self',
    status: 201,
    answer: issuedApiKey,
    handle: ({ actor, params, body }, { tenancy }) =>
      asDeveloper(actor, async (own) =>
        shown(await rotateApiKey(tenancy, own.actor, { tenant: own.tenant, ...params, ...overlapOf(body) })),
      ),
  }),
  operation({
    name: 'admin.self.api-keys.revoke',
    method: 'POST',
    path: '/self/api-keys/{id}/revoke',
    summary: 'Ends an API key of the caller for good, on every replica.',
    scope: 'self',
    status: 200,
    answer: apiKeyRecord,
    handle: ({ actor, params }, { tenancy }) =>
      asDeveloper(actor, (own) => revokeApiKey(tenancy, own.actor, { tenant: own.tenant, ...params })),
  }),
];

function describe({ principal }: Actor) {
  const { scopes: held } = principal.authorization;
  switch (principal.kind) {
    case 'operator':
      return { kind: principal.kind, name: principal.name, scopes: held };
    case 'api-key': {
      const { kind, tenant, user, apiKeyId } = principal;
      return { kind, tenant, user, apiKeyId, scopes: held };
    }
    case 'token': {
      const { kind, tenant, user, issuer } = principal;
      return { kind, tenant, user, issuer, scopes: held };
    }
    default:
      return assertNever(principal);
  }
}

interface Developer {
  readonly actor: Actor;
  readonly tenant: string;
}

/**
 * Acts for the caller as a developer, whatever else they may do: here, administrators reach their own API keys alone,
 * and what is made here can administer nothing. The verb denies it to who is nobody, so that the audit log has it.
 */
async function asDeveloper<Value>(
  { principal, ...actor }: Actor,
  act: (developer: Developer) => Promise<Result<Value>>,
): Promise<Result<Value>> {
  const isOperator = principal.kind === 'operator';
  const tenant = isOperator ? '*' : principal.tenant;
  const result = await act({ actor: { ...actor, principal: developerOf(principal) }, tenant });
  if (result.kind === 'done' || result.refusal.kind !== 'scope-missing') return result;
  if (!isOperator && principal.user !== undefined) return refused({ kind: 'scope-missing', scope: 'self' });
  throw new GatewayError(
    'scope-missing',
    'Your credential stands for no user, so there are no API keys of its own. Use /admin/v1/tenants/{tenant}/api-keys.',
    { reason: 'self' },
  );
}

const administration = /^(?:tenant|operator):/u;

function developerOf<Who extends Principal>(principal: Who): Who {
  const { authorization } = principal;
  const held = authorization.scopes.filter((scope) => !administration.test(scope));
  return { ...principal, authorization: { ...authorization, scopes: held } };
}
