import {
  createApiKey,
  createTenant,
  createUser,
  readAudit,
  resumeTenant,
  resumeUser,
  revokeApiKey,
  rotateApiKey,
  suspendTenant,
  suspendUser,
  systemActor,
} from '@ccg/tenancy';
import type { Allowlist, NewApiKey } from '@ccg/tenancy';
import { doneValue, playModel, say, startGateway } from '@ccg/testkit';
import type { GatewayProcess } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { expectError } from './support/expect-error.ts';
import { sendRaw } from './support/send-raw.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const root = systemActor('suite');
const patienceMs = 10_000;
const denied = { status: 403, type: 'permission_error', headers: { 'x-should-retry': 'false' } } as const;
const unauthorized = { status: 401, type: 'authentication_error', headers: { 'x-should-retry': 'false' } } as const;
const paths = ['/v1/messages', '/v1/messages/count_tokens', '/v1/models', '/v1/models/claude-opus-5-5'] as const;

let suite: Suite;
let second: GatewayProcess;

beforeAll(async () => {
  suite = await startSuite('authorization', {});
  second = await startGateway(suite.env);
  suite.upstream.play(playModel([{ content: [say('hi')], usage: { input: 1, cacheRead: 0, output: 1 } }]));
});

afterAll(async () => {
  await second.stop();
  await suite.close();
});

async function newKey(changes: Partial<NewApiKey> = {}) {
  const { tenancy, tenant } = suite;
  const issued = doneValue(await createApiKey(tenancy, root, { tenant, name: 'one', ...changes }));
  return { apiKey: issued.apiKey.reveal(), id: issued.record.id };
}

async function ask(apiKey: string, path: string = '/v1/messages', model = 'claude-opus-5-5', at = suite.gateway) {
  const body = { model, max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] };
  const isModels = path.startsWith('/v1/models');
  const headers = [['x-api-key', apiKey] as const, ['content-type', 'application/json'] as const];
  const request = isModels ? { method: 'GET' } : { body: JSON.stringify(body) };
  return await sendRaw(at.url, { ...request, path, headers });
}

async function statuses(apiKey: string, at = suite.gateway): Promise<readonly number[]> {
  return await Promise.all(paths.map(async (path) => (await ask(apiKey, path, undefined, at)).status));
}

/** On every endpoint of one replica at once, and on the other one soon. */
async function expectEverywhere(apiKey: string, error: Parameters<typeof expectError>[1]): Promise<void> {
  await expect.poll(() => statuses(apiKey), { timeout: patienceMs }).toEqual(paths.map(() => error.status));
  await expect.poll(() => statuses(apiKey, second), { timeout: patienceMs }).toEqual(paths.map(() => error.status));
  for (const path of paths) expectError(await ask(apiKey, path), error);
}

describe('an API key', () => {
  test('that is revoked, has expired or was never issued gets one same answer, on every endpoint', async () => {
    const [gone, ended] = [await newKey(), await newKey()];
    for (const { apiKey } of [gone, ended]) {
      expect(await statuses(apiKey)).toEqual([200, 200, 200, 200]);
      expect(await statuses(apiKey, second)).toEqual([200, 200, 200, 200]);
    }
    const { tenant, tenancy } = suite;
    await revokeApiKey(tenancy, root, { tenant, id: gone.id });
    const successor = doneValue(await rotateApiKey(tenancy, root, { tenant, id: ended.id, overlapMs: 0 }));
    const error = { ...unauthorized, message: /revoked or never issued, or it has expired/u };
    for (const { apiKey } of [gone, ended]) await expectEverywhere(apiKey, error);
    expect(await statuses(successor.apiKey.reveal())).toEqual([200, 200, 200, 200]);
    const texts = [gone, ended].map(async ({ apiKey }) => {
      const { text, headers } = await ask(apiKey);
      return text.replaceAll(headers['request-id'] ?? '', '');
    });
    expect(new Set(await Promise.all(texts)).size).toBe(1);
    await suite.gateway.waitForLog(({ reason }) => reason === 'revoked');
    await suite.gateway.waitForLog(({ reason }) => reason === 'expired');
  });

  test('without the scope for models is refused on every endpoint', async () => {
    const { apiKey } = await newKey({ scopes: ['self'] });
    await expectEverywhere(apiKey, { ...denied, message: /scope "messages"/u });
  });
});

describe('a suspension', () => {
  test('of a user stops that user alone, on every replica, until it is lifted', async () => {
    const { tenant, tenancy } = suite;
    const user = doneValue(await createUser(tenancy, root, { tenant, name: 'ada' }));
    const { apiKey } = await newKey({ owner: { kind: 'user', id: user.id } });
    expect(await statuses(apiKey, second)).toEqual([200, 200, 200, 200]);
    await suspendUser(tenancy, root, { tenant, id: user.id });
    await expectEverywhere(apiKey, { ...denied, message: /user is suspended/u });
    expect(await statuses(suite.apiKey)).toEqual([200, 200, 200, 200]);
    await resumeUser(tenancy, root, { tenant, id: user.id });
    await expect.poll(() => statuses(apiKey, second), { timeout: patienceMs }).toEqual([200, 200, 200, 200]);
  });

  test('of a tenant stops all of its API keys and nobody else', async () => {
    const { tenancy } = suite;
    const id = 'other-team';
    doneValue(await createTenant(tenancy, root, { id, name: 'Others', allowlist: { models: ['*'] } }));
    const { apiKey } = await newKey({ tenant: id });
    expect(await statuses(apiKey, second)).toEqual([200, 200, 200, 200]);
    await suspendTenant(tenancy, root, { tenant: id });
    await expectEverywhere(apiKey, { ...denied, message: /team is suspended/u });
    expect(await statuses(suite.apiKey)).toEqual([200, 200, 200, 200]);
    await resumeTenant(tenancy, root, { tenant: id });
    await expect.poll(() => statuses(apiKey, second), { timeout: patienceMs }).toEqual([200, 200, 200, 200]);
  });
});

describe('an allowlist', () => {
  const message = /may not use the model "(?:openai:o3|gpt-4\.1|claude-opus-5-5)".*You may use: claude-haiku-\*/u;

  test.each<[what: string, asked: string, path: string]>([
    ['a name', 'claude-opus-5-5', '/v1/messages'],
    ['a name in a count', 'claude-opus-5-5', '/v1/messages/count_tokens'],
    ['a target', 'openai:o3', '/v1/messages'],
    ['a target in an id of the list', 'claude-via-openai:o3', '/v1/messages/count_tokens'],
    ['a target in the URL', 'claude-haiku-4-5', '/openai:o3/v1/messages'],
    ['a target in the URL of a count', 'claude-haiku-4-5', '/openai:o3/v1/messages/count_tokens'],
  ])('refuses %s that it does not have', async (_what, model, path) => {
    const { apiKey } = await newKey({ allowlist: { models: ['claude-haiku-*'] } });
    expectError(await ask(apiKey, path, model), { ...denied, message });
    expect((await ask(apiKey, '/v1/messages', 'claude-haiku-4-5')).status).toBe(200);
  });

  test.each<[allowlist: Allowlist, ids: readonly string[]]>([
    [{ models: ['*'] }, ['claude-via-openai:gpt-4.1', 'claude-via-openai:gpt-4.1-mini']],
    [{ targets: ['openai:*-mini'] }, ['claude-via-openai:gpt-4.1-mini']],
    [{ models: ['claude-opus-5-5'] }, ['claude-opus-5-5']],
  ])('%j makes the list of models %j', async (allowlist, ids) => {
    const { apiKey } = await newKey({ allowlist });
    const { text } = await ask(apiKey, '/v1/models');
    expect(JSON.parse(text)).toMatchObject({ data: ids.map((id) => ({ id })), has_more: false });
  });
});

describe('the audit log', () => {
  const denials = async (id: string) => {
    const { items } = doneValue(await readAudit(suite.tenancy, root, { tenant: suite.tenant, limit: 200 }));
    return items.filter(({ outcome, subject }) => outcome === 'denied' && subject.id === id);
  };

  test('has a denied model, by any endpoint, once a minute, and names it with a bound', async () => {
    const asked = `claude-opus-${'x'.repeat(300)}`;
    const allowlist = { models: ['none'] };
    const [talking, counting, looking] = [
      await newKey({ allowlist }),
      await newKey({ allowlist }),
      await newKey({ allowlist }),
    ];
    for (let times = 0; times < 3; times += 1) {
      expect((await ask(talking.apiKey, '/v1/messages', asked)).status).toBe(403);
      expect((await ask(counting.apiKey, '/v1/messages/count_tokens', asked)).status).toBe(403);
      expect((await ask(looking.apiKey, '/v1/models/claude-opus-5-5')).status).toBe(403);
    }
    for (const { id } of [talking, counting]) {
      await expect
        .poll(() => denials(id), { timeout: patienceMs })
        .toMatchObject([
          {
            action: 'api-key.use',
            actor: { kind: 'api-key', id },
            details: { reason: 'model-denied', model: asked.slice(0, 200) },
            requestId: expect.stringMatching(/^req_/u),
          },
        ]);
    }
    const details = { reason: 'model-denied', model: 'claude-opus-5-5' };
    await expect.poll(() => denials(looking.id), { timeout: patienceMs }).toMatchObject([{ details }]);
  });

  test('has a missing scope, and a suspension', async () => {
    const { tenant, tenancy } = suite;
    const user = doneValue(await createUser(tenancy, root, { tenant, name: 'eve' }));
    const [narrow, suspended] = [
      await newKey({ scopes: ['self'] }),
      await newKey({ owner: { kind: 'user', id: user.id } }),
    ];
    doneValue(await suspendUser(tenancy, root, { tenant, id: user.id }));
    for (const { apiKey } of [narrow, suspended]) expect(await statuses(apiKey)).toEqual([403, 403, 403, 403]);
    const scope = [{ action: 'api-key.use', details: { reason: 'scope-missing', scope: 'messages' } }];
    await expect.poll(() => denials(narrow.id), { timeout: patienceMs }).toMatchObject(scope);
    await expect
      .poll(() => denials(suspended.id), { timeout: patienceMs })
      .toMatchObject([{ action: 'api-key.use', details: { reason: 'suspended' } }]);
  });
});

test('a gateway with a new pepper takes over the API keys of the old one, and then needs it no longer', async () => {
  const { apiKey } = await newKey();
  const pepper = { KEY_PEPPER: 'new-pepper-'.repeat(4) };
  const started: GatewayProcess[] = [];
  const start = async (env: Readonly<Record<string, string>>) => {
    const gateway = await startGateway({ ...suite.env, ...env });
    started.push(gateway);
    return gateway;
  };
  try {
    const rotating = await start({ ...pepper, KEY_PEPPER_PREVIOUS: suite.pepper });
    expect(await statuses(apiKey, rotating)).toEqual([200, 200, 200, 200]);
    const rotated = await start(pepper);
    await expect.poll(() => statuses(apiKey, rotated), { timeout: patienceMs }).toEqual([200, 200, 200, 200]);
    expect(await statuses(suite.apiKey, rotated)).toEqual([401, 401, 401, 401]);
  } finally {
    for (const gateway of started) await gateway.stop();
  }
});
