import { listPolicies, putPolicy, removePolicy } from '@ccg/tenancy';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { policyRecord } from '../records.ts';
import { allowlist, pageOf, pageQuery } from '../schemas.ts';

export const policyOperations = [
  operation({
    name: 'admin.policies.list',
    method: 'GET',
    path: '/tenants/{tenant}/policies',
    summary: 'Lists the policies of a tenant by their names.',
    scope: 'tenant:read',
    query: pageQuery,
    status: 200,
    answer: pageOf(policyRecord),
    handle: ({ actor, params, query }, { tenancy }) => listPolicies(tenancy, actor, { ...params, ...query }),
  }),
  operation({
    name: 'admin.policies.put',
    method: 'PUT',
    path: '/tenants/{tenant}/policies/{name}',
    summary: 'Creates a policy or replaces its allowlist, for all who have it at once.',
    scope: 'tenant:write',
    body: z.strictObject({ allowlist }),
    status: 200,
    answer: policyRecord,
    handle: ({ actor, params, body }, { tenancy }) => putPolicy(tenancy, actor, { ...params, ...body }),
  }),
  operation({
    name: 'admin.policies.remove',
    method: 'DELETE',
    path: '/tenants/{tenant}/policies/{name}',
    summary: 'Removes a policy. Who still has it may use nothing until it is taken from them, or exists again.',
    scope: 'tenant:write',
    status: 200,
    answer: policyRecord,
    handle: ({ actor, params }, { tenancy }) => removePolicy(tenancy, actor, params),
  }),
];
