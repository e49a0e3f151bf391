import { readAudit, readOperatorAudit } from '@ccg/tenancy';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { auditEntry } from '../records.ts';
import { pageOf, pageQuery } from '../schemas.ts';

const auditQuery = pageQuery.extend({
  format: z.enum(['json', 'jsonl'], { error: 'must be json or jsonl' }).optional().meta({
    description: 'jsonl: all entries from the cursor on, one a line. Accept: application/jsonl means the same.',
  }),
});

export const auditOperations = [
  operation({
    name: 'admin.audit.tenant',
    method: 'GET',
    path: '/tenants/{tenant}/audit',
    summary: 'Reads what was done to a tenant and what its credentials were denied, oldest first.',
    scope: 'tenant:read',
    query: auditQuery,
    status: 200,
    answer: pageOf(auditEntry),
    lines: auditEntry,
    handle: ({ actor, params, query: { limit, cursor } }, { tenancy }) =>
      readAudit(tenancy, actor, { ...params, limit, cursor }),
  }),
  operation({
    name: 'admin.audit.operators',
    method: 'GET',
    path: '/audit',
    summary: 'Reads what operators did outside of a tenant and what they were denied, oldest first.',
    scope: 'operator:read',
    query: auditQuery,
    status: 200,
    answer: pageOf(auditEntry),
    lines: auditEntry,
    handle: ({ actor, query: { limit, cursor } }, { tenancy }) => readOperatorAudit(tenancy, actor, { limit, cursor }),
  }),
];
