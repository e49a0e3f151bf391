import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { generateApiKey } from '@ccg/tenancy';
import { playModel, say, startScriptedUpstream } from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endLocal, startLocal } from './support/start-local.ts';
import type { LocalProcess } from './support/start-local.ts';

let root: string;
let dataDir: string;
let upstream: ScriptedUpstream;
let local: LocalProcess | undefined;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccg-local-'));
  dataDir = join(root, 'data');
  upstream = await startScriptedUpstream(playModel([{ content: [say('Hello from upstream.')] }]));
});

afterEach(async () => {
  if (local !== undefined) await endLocal(local.process, dataDir);
  await upstream.close();
  await rm(root, { recursive: true });
});

async function statusOf(url: string, apiKey: string, model: string): Promise<number> {
  const client = new Anthropic({ baseURL: url, apiKey, authToken: null, maxRetries: 0 });
  const message = { model, max_tokens: 100, messages: [{ role: 'user' as const, content: 'Say hello' }] };
  const { status } = await client.messages.create(message).asResponse();
  return status;
}

test('npm start brings the tenants of gateway.yaml into its store, also where one of them is the default tenant', async () => {
  const apiKey = generateApiKey(randomBytes).reveal();
  await writeFile(join(root, 'acme-key'), apiKey);
  const file = join(root, 'gateway.yaml');
  const text = `version: 1
providers:
  mine: { dialect: openai-chat, baseUrl: "${upstream.url}/v1" }
models: { '*': 'mine:*' }
tenants:
  default: { name: Ours, allowlist: { models: ['*haiku*'] } }
  acme: { name: Acme, allowlist: { models: ['*'] }, apiKeys: [{ name: ci, file: acme-key }] }
`;
  await writeFile(file, text);
  local = await startLocal({ dataDir, env: { GATEWAY_CONFIG: file, LOCAL_STORE: 'embedded' } });
  const { url } = local;
  const firstKey = (await readFile(join(dataDir, 'first-key'), 'utf8')).trim();
  expect(await statusOf(url, apiKey, 'claude-sonnet-5-5')).toBe(200);
  expect(await statusOf(url, firstKey, 'claude-haiku-5-5')).toBe(200);
  await expect(statusOf(url, firstKey, 'claude-sonnet-5-5')).rejects.toMatchObject({ status: 403 });
  expect(local.process.stdout() + local.process.stderr()).not.toContain(apiKey);
});
