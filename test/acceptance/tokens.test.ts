import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createTenant, systemActor } from '@ccg/tenancy';
import { doneValue, installClaudeCli, playModel, runClaude, say } from '@ccg/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startTokenServer } from '../integration/support/token-issuer.ts';
import type { TokenServer } from '../integration/support/token-issuer.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let binary: string;
let folder: string;
let issuer: TokenServer;
let suite: Suite;

beforeAll(async () => {
  binary = await installClaudeCli();
  folder = await mkdtemp(join(tmpdir(), 'ccg-tokens-'));
  issuer = await startTokenServer();
  const file = join(folder, 'gateway.yaml');
  await writeFile(
    file,
    `version: 1
issuers:
  corporate:
    issuer: ${issuer.issuer}
    jwks: { url: ${issuer.jwksUrl} }
    audience: urn:gateway
    algorithms: [ES256]
    tenants: [acme, umbrella]
`,
  );
  suite = await startSuite('tokens', { GATEWAY_CONFIG: file });
  const root = systemActor('suite');
  doneValue(await createTenant(suite.tenancy, root, { id: 'acme', name: 'Acme', allowlist: { models: ['*'] } }));
  const allowlist = { models: ['umbrella-model'] };
  doneValue(await createTenant(suite.tenancy, root, { id: 'umbrella', name: 'Umbrella', allowlist }));
}, 600_000);

afterAll(async () => {
  await suite.close();
  await issuer.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function runAs(client: 'jane' | 'john', tenant: string) {
  const apiKey = await issuer.issue(client, { tenant });
  const cwd = await mkdtemp(join(folder, 'work-'));
  const { url: baseUrl } = suite.gateway;
  const run = await runClaude({ binary, baseUrl, apiKey, via: 'auth-token', prompt: 'Say hello.', cwd });
  return { run, token: apiKey };
}

test('Claude Code works with tokens: what one of two developers of two tenants is refused never shows at the other', async () => {
  suite.upstream.play(playModel([{ content: [say('Hello.')] }]));
  const [jane, john] = await Promise.all([runAs('jane', 'acme'), runAs('john', 'umbrella')]);
  expect(jane.run, jane.run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'Hello.' } });
  expect(john.run.result).toMatchObject({ isError: true });
  expect(john.run.result?.text).toContain('You may use: umbrella-model');
  expect(jane.run.stdout).not.toContain('umbrella');
  const asked = await suite.gateway.waitForLog(({ tenant, status }) => tenant === 'acme' && status === 200);
  const refused = await suite.gateway.waitForLog(({ tenant, status }) => tenant === 'umbrella' && status === 403);
  expect(refused['outcome']).toBe('policy_denied_model');
  const log = JSON.stringify([asked, refused]);
  for (const { token } of [jane, john]) {
    expect(log).not.toContain(token);
    expect(JSON.stringify(suite.upstream.requests.map(({ headers }) => headers))).not.toContain(token);
  }
});
