import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playModel, say, startScriptedUpstream } from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openStream } from './support/open-stream.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccg-costs-'));
let suite: Suite;
let upstream: ScriptedUpstream;

beforeAll(async () => {
  upstream = await startScriptedUpstream();
  const file = join(folder, 'gateway.yaml');
  writeFileSync(file, fileFor(upstream.url));
  suite = await startSuite('costs', { GATEWAY_CONFIG: file });
  const usage = { input: 1001, cacheRead: 503, output: 40, reasoning: 30, cacheWrites: { fiveMinutes: 10, hour: 20 } };
  upstream.play(playModel([{ content: [say('hi')], usage }]));
});

afterAll(async () => {
  await suite.close();
  await upstream.close();
  rmSync(folder, { recursive: true });
});

const price = '{input: 1, cacheRead: 0.1, cacheWrite5m: 1.25, cacheWrite1h: 2, output: 10, reasoning: 20}';

function fileFor(url: string): string {
  return `version: 1
preferred: claude
providers:
  claude: {dialect: anthropic, baseUrl: "${url}"}
  chat: {dialect: openai-chat, baseUrl: "${url}/v1"}
  responses: {dialect: openai-responses, baseUrl: "${url}/v1"}
  gemini: {dialect: gemini, baseUrl: "${url}/v1beta"}
  local: {dialect: ollama, baseUrl: "${url}"}
prices:
  claude:m: ${price}
  chat:*: ${price}
  chat:gratis: {free: true}
  responses:m: ${price}
  google:m: ${price}
  local:m: ${price}
models:
  unpriced: chat:m
  dear: local:nobody-knows
`;
}

async function costOf(model: string, stream: boolean): Promise<unknown> {
  const body = { model, max_tokens: 64, stream, messages: [{ role: 'user', content: 'hi' }] };
  const answer = await openStream(`${suite.gateway.url}/v1/messages`, suite.apiKey, body);
  await answer.frames();
  const requestId = answer.headers.get('request-id');
  const line = await suite.gateway.waitForLog((one) => one['requestId'] === requestId);
  return line['costMicroDollars'];
}

describe('a request costs what its tokens of each kind cost, rounded up to a micro-dollar', () => {
  test.each([
    // 1001 + 50.3 + 12.5 + 40 + 100 + 600
    { model: 'claude:m', cost: 1804 },
    // 1001 + 50.3 + 100 + 600
    { model: 'chat:m', cost: 1752 },
    { model: 'responses:m', cost: 1752 },
    { model: 'gemini:m', cost: 1752 },
    // It tells neither cached tokens nor reasoning: 1504 + 400
    { model: 'local:m', cost: 1904 },
    { model: 'chat:gratis', cost: 0 },
    // At the highest prices of the table: 10 × 1504 + 50 × 40
    { model: 'local:nobody-knows', cost: 17_040 },
  ])('$model', async ({ model, cost }) => {
    expect([await costOf(model, true), await costOf(model, false)]).toEqual([cost, cost]);
  });
});

test('the costs are counted by provider, and apart where nobody stated a price', async () => {
  const counted = async (labels: string) => {
    const text = await (await fetch(`${suite.gateway.opsUrl}/metrics`)).text();
    const found = new RegExp(`^ccg_cost_micro_dollars_total\\{${labels}\\} (\\d+)$`, 'mu').exec(text);
    return Number(found?.[1] ?? 0);
  };
  const labels = ['provider="claude",basis="operator"', 'provider="local",basis="highest"'];
  const before = await Promise.all(labels.map(counted));
  await costOf('claude:m', true);
  await costOf('local:nobody-knows', false);
  const after = await Promise.all(labels.map(counted));
  expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1804, 17_040]);
});

test('the start names the models without a price', async () => {
  const line = await suite.gateway.waitForLog((one) => String(one['msg']).startsWith('no price is known'));
  expect(line).toMatchObject({ level: 'warn', models: ['local:nobody-knows'] });
});
