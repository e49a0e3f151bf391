import { plainTextRule } from '@ccg/catalog';
import { createUser, getUser, listUsers, resumeUser, suspendUser, updateUser } from '@ccg/tenancy';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { userRecord } from '../records.ts';
import { allowlist, groupIs, idText, pageOf, pageQuery, policyNames, waitingWeight } from '../schemas.ts';

export const userOperations = [
  operation({
    name: 'admin.users.list',
    method: 'GET',
    path: '/tenants/{tenant}/users',
    summary: 'Lists the users of a tenant in the order of their creation.',
    scope: 'tenant:read',
    query: pageQuery,
    status: 200,
    answer: pageOf(userRecord),
    handle: ({ actor, params, query }, { tenancy }) => listUsers(tenancy, actor, { ...params, ...query }),
  }),
  operation({
    name: 'admin.users.create',
    method: 'POST',
    path: '/tenants/{tenant}/users',
    summary: 'Creates a user, who can then own API keys.',
    scope: 'tenant:write',
    body: z.strictObject({
      name: plainTextRule,
      allowlist: allowlist.optional(),
      policies: policyNames.optional(),
      group: idText.optional().meta({ description: groupIs }),
      waitingWeight: waitingWeight.optional(),
    }),
    idempotency: 'tenant',
    status: 201,
    answer: userRecord,
    handle: ({ actor, params, body }, { tenancy }) => createUser(tenancy, actor, { ...params, ...body }),
  }),
  operation({
    name: 'admin.users.get',
    method: 'GET',
    path: '/tenants/{tenant}/users/{user}',
    summary: 'Reads a user.',
    scope: 'tenant:read',
    status: 200,
    answer: userRecord,
    handle: ({ actor, params }, { tenancy }) => getUser(tenancy, actor, nameOf(params)),
  }),
  operation({
    name: 'admin.users.update',
    method: 'PATCH',
    path: '/tenants/{tenant}/users/{user}',
    summary: 'Changes a user; what is left out stays as it is.',
    scope: 'tenant:write',
    body: z.strictObject({
      name: plainTextRule.optional(),
      allowlist: allowlist.nullable().optional().meta({ description: 'Null: none of the user’s own.' }),
      policies: policyNames.optional(),
      group: idText.nullable().optional().meta({ description: 'Null: none.' }),
      waitingWeight: waitingWeight.optional(),
    }),
    status: 200,
    answer: userRecord,
    handle: ({ actor, params, body }, { tenancy }) => updateUser(tenancy, actor, { ...nameOf(params), ...body }),
  }),
  operation({
    name: 'admin.users.suspend',
    method: 'POST',
    path: '/tenants/{tenant}/users/{user}/suspend',
    summary: 'Stops every credential of a user, on every replica.',
    scope: 'tenant:write',
    status: 200,
    answer: userRecord,
    handle: ({ actor, params }, { tenancy }) => suspendUser(tenancy, actor, nameOf(params)),
  }),
  operation({
    name: 'admin.users.resume',
    method: 'POST',
    path: '/tenants/{tenant}/users/{user}/resume',
    summary: 'Lets a suspended user go on.',
    scope: 'tenant:write',
    status: 200,
    answer: userRecord,
    handle: ({ actor, params }, { tenancy }) => resumeUser(tenancy, actor, nameOf(params)),
  }),
];

function nameOf({ tenant, user }: { readonly tenant: string; readonly user: string }) {
  return { tenant, id: user };
}
