import { plainTextRule } from '@ccg/catalog';
import { createTenant, getTenant, listTenants, resumeTenant, suspendTenant, updateTenant } from '@ccg/tenancy';
import type { Limits } from '@ccg/tenancy';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantRecord } from '../records.ts';
import {
  allowlist,
  contactIs,
  idText,
  limits,
  pageOf,
  pageQuery,
  policyNames,
  tenantWaitingWeight,
  timeZone,
} from '../schemas.ts';

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
      name: plainTextRule,
      allowlist: allowlist.meta({
        description: 'Has no default: who wants to allow everything writes {"models": ["*"]}.',
      }),
      limits: limits.optional(),
      timeZone: timeZone.optional(),
      contact: plainTextRule.optional().meta({ description: contactIs }),
      waitingWeight: tenantWaitingWeight.optional(),
      policies: policyNames.optional().meta({
        description: 'There are none yet: until all of them are put, the tenant may use nothing.',
      }),
    }),
    idempotency: 'operators',
    status: 201,
    answer: tenantRecord,
    handle: ({ actor, body }, { tenancy }) => createTenant(tenancy, actor, { ...body, limits: limitsOf(body.limits) }),
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
  operation({
    name: 'admin.tenants.update',
    method: 'PATCH',
    path: '/tenants/{tenant}',
    summary:
      'Changes a tenant; what is left out stays as it is. Its own administrators can only narrow what it may use.',
    scope: 'tenant:write',
    body: z.strictObject({
      name: plainTextRule.optional(),
      allowlist: allowlist.optional(),
      policies: policyNames.optional(),
      limits: limits.nullable().optional().meta({ description: 'Null: the default of the gateway.' }),
      timeZone: timeZone.nullable().optional().meta({ description: 'Null: UTC.' }),
      contact: plainTextRule.nullable().optional().meta({ description: 'Null: whom SUPPORT_CONTACT names.' }),
      waitingWeight: tenantWaitingWeight.optional().meta({
        description:
          'How many items of its batches run where other tenants have one, while all have work. Only operators raise it.',
      }),
    }),
    status: 200,
    answer: tenantRecord,
    handle: ({ actor, params, body }, { tenancy }) =>
      updateTenant(tenancy, actor, {
        ...params,
        ...body,
        limits: body.limits === null ? null : limitsOf(body.limits),
      }),
  }),
  operation({
    name: 'admin.tenants.suspend',
    method: 'POST',
    path: '/tenants/{tenant}/suspend',
    summary: 'Stops every credential of a tenant, on every replica.',
    scope: 'operator:write',
    status: 200,
    answer: tenantRecord,
    handle: ({ actor, params }, { tenancy }) => suspendTenant(tenancy, actor, params),
  }),
  operation({
    name: 'admin.tenants.resume',
    method: 'POST',
    path: '/tenants/{tenant}/resume',
    summary: 'Lets a suspended tenant go on.',
    scope: 'operator:write',
    status: 200,
    answer: tenantRecord,
    handle: ({ actor, params }, { tenancy }) => resumeTenant(tenancy, actor, params),
  }),
];

/** No limits are others than limits of which none is stated. */
function limitsOf(asked: z.output<typeof limits> | undefined): Limits | undefined {
  if (asked === undefined || Array.isArray(asked)) return asked;
  return { requestsPerMinute: asked.requestsPerMinute };
}
