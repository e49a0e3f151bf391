import { randomUUID } from 'node:crypto';

import { jsonAt, playModel, say } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { runCcg } from './support/run-ccg.ts';
import { startAdminProcess } from './support/start-admin.ts';
import type { AdminProcess } from './support/start-admin.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
let admin: AdminProcess;
let tenant: string;
let apiKey: string;
beforeAll(async () => {
  suite = await startSuite('usage-of-gateway', { SUPPORT_CONTACT: '#claude-help' });
  suite.upstream.play(playModel([{ content: [say('Hello.')] }]));
  admin = await startAdminProcess(suite.env);
});
afterAll(async () => {
  await admin.stop();
  await suite.close();
});
beforeEach(async () => {
  tenant = `team-${randomUUID().slice(0, 8)}`;
  await done(['tenants', 'create', tenant, '--models', '*']);
  await done(['users', 'create', 'ada', '--tenant', tenant]);
  apiKey = (await done(['keys', 'create', 'laptop', '--tenant', tenant, '--user', 'ada'])).trim();
});

async function done(args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCcg(args, {
    CCG_ADMIN_URL: admin.url,
    CCG_TOKEN_FILE: admin.tokenFile,
  });
  expect({ args, exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ args, exitCode: 0, stderr: '' });
  return stdout;
}

/** Asks the gateway as Claude Code does in a session. */
async function ask(session: string, path = '/v1/messages', more: object = { max_tokens: 50 }): Promise<Response> {
  return await fetch(`${suite.gateway.url}${path}`, {
    method: 'POST',
    headers: { 'x-api-key': apiKey, 'content-type': 'application/json', 'x-claude-code-session-id': session },
    body: JSON.stringify({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content: 'Hello?' }], ...more }),
  });
}

const rowsBy = async (by: string): Promise<readonly unknown[]> => {
  const text = await done(['usage', '--tenant', tenant, '--by', by, '--json']);
  return text === ''
    ? []
    : text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
};

describe('what a gateway has served', () => {
  test('is counted whole by session and user, with two admin apps of which one is killed meanwhile', async () => {
    const second = await startAdminProcess(suite.env);
    let [input, output] = [0, 0];
    const send = async (count: number, session: string) => {
      for (let sent = 0; sent < count; sent += 1) {
        const answer = await ask(session);
        expect(answer.status).toBe(200);
        const { usage } = (await answer.json()) as { usage: { input_tokens: number; output_tokens: number } };
        input += usage.input_tokens;
        output += usage.output_tokens;
      }
    };
    await send(10, 's-1');
    await admin.stop();
    await send(10, 's-2');
    const stream = await ask('s-2', '/v1/messages', { max_tokens: 50, stream: true });
    await stream.text();
    const count = await ask('s-2', '/v1/messages/count_tokens', {});
    await count.text();
    admin = await startAdminProcess(suite.env);
    await send(5, 's-1');
    const totals = async () => {
      const [row] = await rowsBy('user');
      return { requests: jsonAt(row, 'requests'), counts: jsonAt(row, 'countRequests'), user: jsonAt(row, 'userName') };
    };
    await expect.poll(totals, { timeout: 30_000, interval: 500 }).toEqual({ requests: 26, counts: 1, user: 'ada' });
    const bySession = await rowsBy('session');
    expect(bySession).toMatchObject([
      { session: 's-1', requests: 15, countRequests: 0, failed: 0 },
      { session: 's-2', requests: 11, countRequests: 1, failed: 0 },
    ]);
    const tokens = await rowsBy('');
    expect(input).toBeGreaterThan(0);
    // The stream has used as much as each of the others.
    expect(tokens).toMatchObject([{ inputTokens: (input / 25) * 26, outputTokens: (output / 25) * 26 }]);
    await second.stop();
  });

  test('and what it has refused can be explained by the request id of the answer', async () => {
    await done([
      'limits',
      'set',
      '--tenant',
      tenant,
      '--level',
      'user',
      '--kind',
      'requests',
      '--amount',
      '1',
      '--per',
      'minute',
    ]);
    await expect.poll(async () => (await ask('s-1')).status, { timeout: 10_000, interval: 200 }).toBe(429);
    const refused = await ask('s-1');
    const requestId = refused.headers.get('request-id') ?? '';
    await expect
      .poll(async () => (await runWhy(requestId)).stdout, { timeout: 10_000, interval: 500 })
      .toMatch(/^limit +user-requests: 1 requests\/minute for each user$/mu);
    const { stdout } = await runWhy(requestId);
    expect(stdout).toMatch(/^then +0 left$/mu);
    expect(stdout).toMatch(/^ask +#claude-help$/mu);
    expect(stdout).toMatch(/^session +s-1$/mu);
  });

  test('and what a shadow limit would have refused is reported', async () => {
    const limit = ['--level', 'user', '--kind', 'requests', '--amount', '1', '--per', 'minute', '--mode', 'shadow'];
    await done(['limits', 'set', '--tenant', tenant, '--name', 'tried-out', ...limit]);
    const report = async () => {
      // Until the replica has heard of the limit.
      expect((await ask('s-1')).status).toBe(200);
      return await done(['limits', 'report', '--tenant', tenant, '--since', '7d']);
    };
    await expect
      .poll(report, { timeout: 15_000, interval: 500 })
      .toMatch(/^tried-out +user +requests +ada +key_\w+ +[1-9]/mu);
    const answer = await ask('s-1');
    const requestId = answer.headers.get('request-id') ?? '';
    await expect
      .poll(async () => (await runWhy(requestId)).stdout, { timeout: 10_000, interval: 500 })
      .toMatch(/^outcome +ok$/mu);
  });
});

const runWhy = (requestId: string) =>
  runCcg(['why', requestId, '--tenant', tenant], { CCG_ADMIN_URL: admin.url, CCG_TOKEN_FILE: admin.tokenFile });
