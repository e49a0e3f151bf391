import { readWaiting } from '@ccg/admission';
import { done, killSession, readKilledSessions, resumeSession, usageReach } from '@ccg/tenancy';
import type { Result, SessionCaller, SessionOfCallers } from '@ccg/tenancy';
import { readSessions } from '@ccg/usage';
import type { SessionUse } from '@ccg/usage';
import { z } from 'zod';
import { pageFrom } from '../cursor.ts';
import { operation } from '../operation.ts';
import type { AdminDependencies } from '../operation.ts';
import { pageOf, pageQuery } from '../schemas.ts';

const count = z.int();

const session = z
  .strictObject({
    session: z.string().meta({ description: 'As its client calls it.' }),
    user: z.string().optional().meta({ description: 'Left out for a service.' }),
    userName: z.string().optional(),
    apiKey: z.string().optional().meta({ description: 'The one that was used last. Left out for a token (JWT).' }),
    state: z.enum(['running', 'waiting', 'idle', 'killed']),
    startedAt: z.string().meta({ description: 'When its first request of the last day began.' }),
    lastSeenAt: z.string(),
    running: count.meta({ description: 'Requests that run now.' }),
    waiting: count.meta({ description: 'Requests that wait now until others have ended.' }),
    requests: count.meta({ description: 'Of the last day, with those that run.' }),
    inputTokens: count,
    outputTokens: count,
    cacheReadTokens: count,
    cacheWriteTokens: count,
    costMicroDollars: count,
  })
  .meta({ id: 'Session', description: 'A session that runs or waits now or ran in the last day.' });

const text = z.string().max(256, { error: 'must have at most 256 characters' });

const named = z
  .strictObject({
    session: text.meta({ description: 'As its client calls it: the header `x-claude-code-session-id`.' }),
    user: text.optional().meta({ description: 'That of this user alone. Left out: whoever has one of that name.' }),
    apiKey: text.optional().meta({ description: 'That of the service with this API key alone.' }),
  })
  .refine(({ user, apiKey }) => user === undefined || apiKey === undefined, {
    path: ['apiKey'],
    error: 'must be left out where user is there',
  })
  .transform(({ session: name, user, apiKey }) => ({ session: name, caller: callerOf(user, apiKey) }));

const answer = z
  .strictObject({
    session: z.string(),
    callers: z.array(z.strictObject({ user: z.string().optional(), apiKey: z.string().optional() })).meta({
      description: 'Whose session it was: users, and API keys of services.',
    }),
  })
  .meta({ id: 'SessionOfCallers' });

export const sessionOperations = [
  operation({
    name: 'admin.sessions.list',
    method: 'GET',
    path: '/tenants/{tenant}/sessions',
    summary:
      'Lists the sessions of a tenant that run or wait now or ran in the last day (of its newest 20,000 requests), with what they used.',
    scope: 'tenant:read',
    query: pageQuery,
    status: 200,
    answer: pageOf(session),
    async handle({ actor, params, query }, { tenancy }) {
      const reach = await usageReach(tenancy, actor, { tenant: params.tenant, own: false });
      if (reach.kind === 'refused') return reach;
      const killed = await readKilledSessions(tenancy.store, params.tenant);
      const nowMs = tenancy.clock.now();
      const sessions = (await readSessions({ ...tenancy, readWaiting }, params.tenant)).map((use) => {
        const ofCaller = killed.get(use.user ?? use.apiKey ?? '') ?? [];
        const isKilled = ofCaller.some((one) => one.session === use.session && nowMs < one.untilMs);
        return { ...use, state: isKilled ? 'killed' : stateOf(use) } as const;
      });
      return pageFrom(sessions, query);
    },
  }),
  operation({
    name: 'admin.sessions.kill',
    method: 'POST',
    path: '/tenants/{tenant}/sessions/kill',
    summary:
      'Ends a session: its requests that run or wait are ended on every replica, later ones are refused, for 30 days. A new session is not.',
    scope: 'tenant:write',
    body: named,
    idempotency: 'tenant',
    status: 200,
    answer,
    handle: async ({ actor, params, body }, { tenancy }) =>
      shown(
        await killSession(tenancy, actor, {
          ...params,
          ...body,
          findCallers: () => findCallers(tenancy, params.tenant, body.session),
        }),
      ),
  }),
  operation({
    name: 'admin.sessions.resume',
    method: 'POST',
    path: '/tenants/{tenant}/sessions/resume',
    summary: 'Lets a session go on that was killed.',
    scope: 'tenant:write',
    body: named,
    idempotency: 'tenant',
    status: 200,
    answer,
    handle: async ({ actor, params, body }, { tenancy }) =>
      shown(await resumeSession(tenancy, actor, { ...params, ...body })),
  }),
];

function stateOf({ running, waiting }: SessionUse): 'running' | 'waiting' | 'idle' {
  if (running > 0) return 'running';
  return waiting > 0 ? 'waiting' : 'idle';
}

function callerOf(user: string | undefined, apiKey: string | undefined): SessionCaller | undefined {
  if (user !== undefined) return { user };
  return apiKey === undefined ? undefined : { apiKey };
}

/** Everybody who has used a session of that name in the last day, or waits in it now. */
async function findCallers(
  tenancy: AdminDependencies['tenancy'],
  tenant: string,
  name: string,
): Promise<readonly SessionCaller[]> {
  const found = (await readSessions({ ...tenancy, readWaiting }, tenant)).filter((use) => use.session === name);
  return found.flatMap(({ user, apiKey }) => callerOf(user, user === undefined ? apiKey : undefined) ?? []);
}

function shown(result: Result<SessionOfCallers>) {
  if (result.kind === 'refused') return result;
  const { session: name, callers } = result.value;
  return done({ session: name, callers: callers.map((caller) => ({ ...caller })) });
}
