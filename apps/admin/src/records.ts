import { z } from 'zod';
import {
  allowlist,
  contactIs,
  groupIs,
  limits,
  scopeList,
  tenantWaitingWeight,
  time,
  timeZone,
  waitingWeight,
} from './schemas.ts';

// What the API shows of the records of @ccg/tenancy. Tests hold every answer to these; nothing checks them in production.

const state = z.enum(['active', 'suspended']);
const origin = z
  .enum(['file'])
  .optional()
  .meta({ description: 'Of what gateway.yaml owns: it is changed there alone.' });
const names = z.array(z.string());

const common = {
  allowlist: allowlist.optional(),
  policies: names,
  createdAt: time,
  origin,
};

export const tenantRecord = z
  .strictObject({
    ...common,
    id: z.string(),
    name: z.string(),
    state,
    allowlist,
    limits: limits.optional().meta({ description: 'Left out: the default of the gateway.' }),
    timeZone: timeZone.optional(),
    contact: z.string().optional().meta({ description: contactIs }),
    waitingWeight: tenantWaitingWeight.optional(),
    suspendedBy: origin,
  })
  .meta({ id: 'Tenant' });

export const userRecord = z
  .strictObject({
    ...common,
    id: z.string(),
    name: z.string(),
    state,
    identity: z
      .strictObject({
        issuer: z.string(),
        subjectDigest: z.string(),
        group: z.string().optional().meta({ description: 'Of the last token. It counts where the user has no group.' }),
      })
      .optional()
      .meta({ description: 'Of a user whom an issuer of tokens vouches for.' }),
    group: z.string().optional().meta({ description: groupIs }),
    waitingWeight: waitingWeight.optional(),
    suspendedBy: origin,
  })
  .meta({ id: 'User' });

export const owner = z
  .discriminatedUnion(
    'kind',
    [z.strictObject({ kind: z.literal('user'), id: z.string() }), z.strictObject({ kind: z.literal('service') })],
    { error: 'must be {"kind": "user", "id": ID} or {"kind": "service"}' },
  )
  .meta({ id: 'Owner', description: 'Who uses an API key: a user, or a service.' });

export const apiKeyRecord = z
  .strictObject({
    ...common,
    id: z.string(),
    name: z.string(),
    owner,
    state: z.enum(['active', 'expired', 'revoked']),
    scopes: scopeList,
    expiresAt: time.optional(),
    revokedAt: time.optional(),
    successor: z.string().optional().meta({ description: 'The API key that takes its place, after a rotation.' }),
    hint: z.string().optional().meta({ description: 'Its first and last four characters.' }),
    lastUsedAt: time.optional().meta({ description: 'Written at most once a minute.' }),
  })
  .meta({ id: 'ApiKey' });

export const issuedApiKey = z
  .strictObject({
    apiKey: z.string().optional().meta({
      description:
        'The API key itself. This is the only time that it is shown; a repeated request with the same Idempotency-Key has none.',
    }),
    record: apiKeyRecord,
  })
  .meta({ id: 'IssuedApiKey' });

export const policyRecord = z
  .strictObject({ name: z.string(), allowlist, createdAt: time, origin })
  .meta({ id: 'Policy' });

export const auditEntry = z
  .strictObject({
    at: time,
    requestId: z.string().optional(),
    actor: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('api-key'), tenant: z.string(), id: z.string(), user: z.string().optional() }),
      z.strictObject({ kind: z.literal('token'), tenant: z.string(), user: z.string(), issuer: z.string() }),
      z.strictObject({ kind: z.literal('operator'), name: z.string() }),
    ]),
    action: z.string().meta({ example: 'api-key.revoke' }),
    tenant: z.string(),
    subject: z.strictObject({ kind: z.string(), id: z.string() }),
    outcome: z.enum(['done', 'denied']),
    details: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'AuditEntry' });
