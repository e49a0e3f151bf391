import { createTenant, getTenant, listTenants } from '@ccg/tenancy';
import type { Limits } from '@ccg/tenancy';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { allowlist, idText, limits, nameText, pageOf, pageQuery, tenantRecord } from '../schemas.ts';

export const tenantOperations = [
  operation({
    name: 'admin.tenants.list',
    method: 'GET',
    path: '/tenants',
    summary: 'Lists the tenants by their ids.',
    scope: 'operator:read',
    query: pageQuery,
    status: 200,
    answer: pageOf(tenantRecord),
    handle: ({ actor, query }, { tenancy }) => listTenants(tenancy, actor, query),
  }),
  operation({
    name: 'admin.tenants.create',
    method: 'POST',
    path: '/tenants',
    summary: 'Creates a tenant.',
    scope: 'operator:write',
    body: z.strictObject({
      id: idText,
      name: nameText,
      allowlist: allowlist.meta({
        description: 'Has no default: who wants to allow everything writes {"models": ["*"]}.',
      }),
      limits: limits.optional(),
    }),
    status: 201,
    answer: tenantRecord,
    handle: ({ actor, body: { limits: asked, ...tenant } }, { tenancy }) =>
      createTenant(tenancy, actor, { ...tenant, limits: limitsOf(asked) }),
  }),
  operation({
    name: 'admin.tenants.get',
    method: 'GET',
    path: '/tenants/{tenant}',
    summary: 'Reads a tenant.',
    scope: 'tenant:read',
    status: 200,
    answer: tenantRecord,
    handle: ({ actor, params }, { tenancy }) => getTenant(tenancy, actor, params),
  }),
];

/** No limits are others than limits of which none is stated. */
function limitsOf(asked: z.output<typeof limits> | undefined): Limits | undefined {
  return asked === undefined ? undefined : { requestsPerMinute: asked.requestsPerMinute };
}
