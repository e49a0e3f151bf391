import { limitRule } from '@ccg/catalog';
import { listLimits, putLimit, removeLimit } from '@ccg/tenancy';
import { z } from 'zod';
import { operation } from '../operation.ts';

const limit = limitRule.meta({ id: 'Limit', description: 'One limit of a tenant, with its name.' });

export const limitOperations = [
  operation({
    name: 'admin.limits.list',
    method: 'GET',
    path: '/tenants/{tenant}/limits',
    summary: 'Lists the limits that hold for a tenant.',
    scope: 'tenant:read',
    status: 200,
    answer: z.strictObject({
      origin: z.enum(['tenant', 'gateway']).meta({
        description: 'Whether they are its own, or those of the gateway: a tenant without limits of its own has them.',
      }),
      items: z.array(limit),
    }),
    handle: ({ actor, params }, { tenancy, defaultLimits: defaults }) =>
      listLimits(tenancy, actor, { ...params, defaults }),
  }),
  operation({
    name: 'admin.limits.put',
    method: 'PUT',
    path: '/tenants/{tenant}/limits/{name}',
    summary:
      'Sets one limit of a tenant, in the place of the one of that name. The first makes those of the gateway its own. Its own administrators can only narrow.',
    scope: 'tenant:write',
    body: limit,
    status: 200,
    answer: limit,
    handle: ({ actor, params, body: rule }, { tenancy, defaultLimits: defaults }) =>
      putLimit(tenancy, actor, { ...params, rule, defaults }),
  }),
  operation({
    name: 'admin.limits.remove',
    method: 'DELETE',
    path: '/tenants/{tenant}/limits/{name}',
    summary: 'Removes one limit of a tenant. Others stay.',
    scope: 'tenant:write',
    status: 200,
    answer: limit,
    handle: ({ actor, params }, { tenancy, defaultLimits: defaults }) =>
      removeLimit(tenancy, actor, { ...params, defaults }),
  }),
];
