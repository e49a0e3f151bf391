import { createGate, jsonTextAt, playModel, say, waitFor } from '@ccg/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCcg } from './support/run-ccg.ts';
import type { CcgRun } from './support/run-ccg.ts';
import { startAdminProcess } from './support/start-admin.ts';
import type { AdminProcess } from './support/start-admin.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
let admin: AdminProcess;
beforeAll(async () => {
  suite = await startSuite('ccg-sessions', {});
  suite.upstream.play(playModel([{ content: [say('Hello.')] }]));
  admin = await startAdminProcess({ ...suite.env });
});
afterAll(async () => {
  await admin.stop();
  await suite.close();
});

const ccg = (...args: readonly string[]): Promise<CcgRun> =>
  runCcg(args[0] === 'tenants' ? args : [...args, '--tenant', 'acme'], {
    CCG_ADMIN_URL: admin.url,
    CCG_TOKEN_FILE: admin.tokenFile,
  });

async function done(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await ccg(...args);
  expect({ args, exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ args, exitCode: 0, stderr: '' });
  return stdout;
}

const words = (line = '') => line.split(/ {2,}/u);
const rows = async () => (await done('sessions', 'list')).trimEnd().split('\n').slice(1).map(words);

test('ccg shows the sessions of a tenant, kills one of them, says why it is refused, and lets it go on', async () => {
  await done('tenants', 'create', 'acme', '--models', '*', '--contact', '#claude-help');
  await done('users', 'create', 'ada');
  const apiKey = (await done('keys', 'create', 'laptop', '--user', 'ada')).trim();
  const ask = (session: string) =>
    fetch(`${suite.gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json', 'x-claude-code-session-id': session },
      body: JSON.stringify({ model: 'claude-opus-5', max_tokens: 8, messages: [{ role: 'user', content: 'hi' }] }),
    });
  const empty = await ccg('sessions', 'list');
  expect(empty).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('No session has run in the last day.') });
  const gate = createGate();
  suite.upstream.answer([waitFor(gate.opened)]);
  const running = ask('s-1');
  await suite.upstream.request(0);
  expect((await ask('s-2')).status).toBe(200);
  await expect
    .poll(async () => (await rows()).map((row) => row.slice(0, 3)), { timeout: 10_000 })
    .toEqual([
      ['s-1', 'running', 'ada'],
      ['s-2', 'idle', 'ada'],
    ]);
  expect(await done('sessions', 'kill', 's-1')).toMatch(/^session +s-1\nof +usr_\w+\n$/u);
  const ended = await running;
  gate.open();
  expect([ended.status, jsonTextAt(await ended.json(), 'error', 'message')]).toEqual([
    403,
    'An administrator has ended this session. Ask #claude-help why before you go on in a new one.',
  ]);
  const refused = await ask('s-1');
  expect([refused.status, (await ask('s-2')).status]).toEqual([403, 200]);
  const requestId = refused.headers.get('request-id') ?? '';
  await expect
    .poll(async () => (await ccg('why', requestId)).stdout, { timeout: 10_000 })
    .toMatch(/^outcome +refused: an administrator has killed its session$[^]*^ask +#claude-help$/mu);
  expect(await ccg('sessions', 'kill', 'nobodys')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('There is no such session. Check the id and the tenant: `ccg sessions list` shows'),
  });
  expect(await done('sessions', 'resume', 's-1', '--user', 'ada')).toMatch(/^session +s-1\n/u);
  await expect.poll(async () => (await ask('s-1')).status, { timeout: 10_000 }).toBe(200);
});
