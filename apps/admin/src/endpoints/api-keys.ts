import { plainTextRule } from '@ccg/catalog';
import { createApiKey, done, getApiKey, importApiKey, listApiKeys, revokeApiKey, rotateApiKey } from '@ccg/tenancy';
import type { IssuedApiKey, Result } from '@ccg/tenancy';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { apiKeyRecord, issuedApiKey, owner } from '../records.ts';
import { allowlist, pageOf, pageQuery, policyNames, scopeList, time } from '../schemas.ts';

/** What is decided by whoever makes an API key, but its owner. */
export const newApiKey = z.strictObject({
  name: plainTextRule.meta({ description: 'What it is used for.' }),
  scopes: scopeList.optional().meta({ description: 'messages and self unless given.' }),
  allowlist: allowlist.optional(),
  policies: policyNames.optional(),
  expiresAt: time.optional().meta({ description: 'Left out: never.' }),
});

const ownedApiKey = newApiKey.extend({ owner: owner.optional().meta({ description: 'A service unless given.' }) });

export const rotation = z.strictObject({
  overlapSeconds: z
    .int({ error: 'must be whole seconds, from 0 to 2592000 (30 days)' })
    .min(0, { error: 'must be whole seconds, from 0 to 2592000 (30 days)' })
    .max(2_592_000, { error: 'must be whole seconds, from 0 to 2592000 (30 days)' })
    .optional()
    .meta({ description: 'How long the old API key goes on working; 86400 (24 hours) unless given.' }),
  expiresAt: time
    .optional()
    .meta({ description: 'When the new one expires; when the old one would have unless given.' }),
});

const digest = z
  .string()
  .regex(/^[0-9a-f]{64}(?:,[0-9a-f]{64})*$/u, {
    error: 'must be the digest of an API key; `ccg keys digest` makes one',
  })
  .meta({ description: 'What `ccg keys digest` prints: with KEY_PEPPER_PREVIOUS several, with commas between them.' });

export const apiKeyOperations = [
  operation({
    name: 'admin.api-keys.list',
    method: 'GET',
    path: '/tenants/{tenant}/api-keys',
    summary: 'Lists the API keys of a tenant in the order of their creation.',
    scope: 'tenant:read, or self for one’s own',
    query: pageQuery.extend({ user: z.string().optional().meta({ description: 'Those of this user alone.' }) }),
    status: 200,
    answer: pageOf(apiKeyRecord),
    handle: ({ actor, params, query }, { tenancy }) => listApiKeys(tenancy, actor, { ...params, ...query }),
  }),
  operation({
    name: 'admin.api-keys.create',
    method: 'POST',
    path: '/tenants/{tenant}/api-keys',
    summary: 'Creates an API key. Its text is in this answer and never shown again.',
    scope: 'tenant:write, or self for one’s own',
    body: ownedApiKey,
    idempotency: 'tenant',
    status: 201,
    answer: issuedApiKey,
    handle: async ({ actor, params, body }, { tenancy }) =>
      shown(await createApiKey(tenancy, actor, { ...params, ...withTime(body) })),
  }),
  operation({
    name: 'admin.api-keys.import',
    method: 'POST',
    path: '/tenants/{tenant}/api-keys/import',
    summary: 'Stores an API key that exists already, by its digest. A second import changes nothing.',
    scope: 'tenant:write',
    body: ownedApiKey.extend({ digest }),
    idempotency: 'tenant',
    status: 201,
    answer: z.strictObject({
      id: z.string(),
      outcome: z.enum(['created', 'present', 'revoked']).meta({
        description: 'present and revoked: it was stored before, and nothing has changed.',
      }),
    }),
    handle: ({ actor, params, body }, { tenancy }) => importApiKey(tenancy, actor, { ...params, ...withTime(body) }),
  }),
  operation({
    name: 'admin.api-keys.get',
    method: 'GET',
    path: '/tenants/{tenant}/api-keys/{id}',
    summary: 'Reads an API key, without its text.',
    scope: 'tenant:read, or self for one’s own',
    status: 200,
    answer: apiKeyRecord,
    handle: ({ actor, params }, { tenancy }) => getApiKey(tenancy, actor, params),
  }),
  operation({
    name: 'admin.api-keys.rotate',
    method: 'POST',
    path: '/tenants/{tenant}/api-keys/{id}/rotate',
    summary:
      'Replaces an API key by a new one with the same settings. The old one works for the overlap, then it expires.',
    scope: 'tenant:write, or self for one’s own',
    body: rotation,
    idempotency: 'tenant',
    status: 201,
    answer: issuedApiKey,
    handle: async ({ actor, params, body }, { tenancy }) =>
      shown(await rotateApiKey(tenancy, actor, { ...params, ...overlapOf(body) })),
  }),
  operation({
    name: 'admin.api-keys.revoke',
    method: 'POST',
    path: '/tenants/{tenant}/api-keys/{id}/revoke',
    summary: 'Ends an API key for good, on every replica. A second call does nothing more.',
    scope: 'tenant:write, or self for one’s own',
    status: 200,
    answer: apiKeyRecord,
    handle: ({ actor, params }, { tenancy }) => revokeApiKey(tenancy, actor, params),
  }),
];

/** The one place where the text of an API key leaves this process. */
export function shown(issued: Result<IssuedApiKey>) {
  if (issued.kind === 'refused') return issued;
  const { apiKey, record } = issued.value;
  return done({ apiKey: apiKey.reveal(), record });
}

export function withTime<Body extends { readonly expiresAt?: string | undefined }>({ expiresAt, ...body }: Body) {
  return { ...body, expiresAtMs: inMs(expiresAt) };
}

export function overlapOf({ overlapSeconds, expiresAt }: z.output<typeof rotation>) {
  return { overlapMs: overlapSeconds === undefined ? undefined : overlapSeconds * 1000, expiresAtMs: inMs(expiresAt) };
}

function inMs(isoTime: string | undefined): number | undefined {
  return isoTime === undefined ? undefined : Date.parse(isoTime);
}
