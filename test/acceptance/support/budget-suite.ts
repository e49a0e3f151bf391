import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LimitRule } from '@ccg/kernel';
import { systemActor, updateTenant } from '@ccg/tenancy';
import { doneValue, jsonAt, playModel, say, startFaultProxy, startScriptedUpstream } from '@ccg/testkit';
import type { FaultProxy } from '@ccg/testkit';
import { expect, vi } from 'vitest';

import { sendRaw } from './send-raw.ts';
import type { RawAnswer } from './send-raw.ts';
import { startSuite } from './start-suite.ts';
import type { Suite } from './start-suite.ts';

/** Dollars per token of output; the prompt costs nothing. */
const price = 0.0001;
const nothingRead = { input: 0, cacheRead: 0 };

/** Who has an API key. */
interface Spender {
  readonly apiKey: string;
  /** Asks for an answer that costs so much. */
  spend(dollars: number, stream?: boolean): Promise<RawAnswer>;
  /** Sends so many prompts of 10,000 tokens at once to a model that has its list price: each costs $0.0201. */
  spendAtListPrice(count: number): Promise<readonly RawAnswer[]>;
}

/** A gateway in front of a model of which an answer costs what a test wants. */
export interface BudgetSuite extends Pick<Suite, 'gateway' | 'tenancy' | 'tenant'> {
  /** Gives the tenant these limits, and an API key that is used from now on. */
  open(name: string, limits: readonly LimitRule[]): Promise<Spender>;
  /** Between the gateway and Redis. */
  readonly proxy: FaultProxy;
  close(): Promise<void>;
}

export async function startBudgetSuite(name: string): Promise<BudgetSuite> {
  const folder = await mkdtemp(join(tmpdir(), 'ccg-budgets-'));
  const upstream = await startScriptedUpstream();
  const file = join(folder, 'gateway.yaml');
  await writeFile(file, fileFor(upstream.url));
  let proxy: FaultProxy | undefined;
  const suite = await startSuite(name, { GATEWAY_CONFIG: file, BUDGET_GRACE_SECONDS: '0' }, async (url) => {
    proxy = await startFaultProxy(url);
    return proxy.url;
  });
  if (proxy === undefined) throw new Error('The suite did not reach for Redis.');
  const between = proxy;
  const { gateway, tenant, tenancy } = suite;
  const play = (text: string, output: number, input = 0) => {
    upstream.play(playModel([{ content: [say(text)], usage: { ...nothingRead, input, output } }]));
  };
  async function open(keyName: string, limits: readonly LimitRule[]): Promise<Spender> {
    const changes = { limits, timeZone: 'Europe/Berlin', contact: '#claude on Slack' };
    doneValue(await updateTenant(tenancy, systemActor('suite'), { tenant, ...changes }));
    const apiKey = await suite.issueApiKey(keyName);
    const headers = [
      ['x-api-key', apiKey],
      ['content-type', 'application/json'],
    ] as const;
    return {
      apiKey,
      async spendAtListPrice(count) {
        play('Done.', 10, 10_000);
        const messages = [{ role: 'user', content: 'x'.repeat(40_000) }];
        const body = JSON.stringify({ model: 'listed:claude-sonnet-5-5', max_tokens: 10, messages });
        return Promise.all(Array.from({ length: count }, () => sendRaw(gateway.url, { headers, body })));
      },
      async spend(dollars, stream = false) {
        play('Done.', Math.round(dollars / price));
        const messages = [{ role: 'user', content: 'x' }];
        const body = JSON.stringify({ model: 'claude-opus-5-5', max_tokens: 1, stream, messages });
        const answer = await sendRaw(gateway.url, { headers, body });
        play('Hello.', 1);
        return answer;
      },
    };
  }
  await settleOnce(gateway.url, await open('first', [{ level: 'tenant', kind: 'budget', amount: 10, per: 'day' }]));
  return {
    gateway,
    tenancy,
    tenant,
    proxy: between,
    open,
    async close() {
      await suite.close();
      await between.close();
      await upstream.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** From now on a settlement is in Redis before the next request: the first one has to take its script there. */
async function settleOnce(url: string, { apiKey, spend }: Spender): Promise<void> {
  await spend(1);
  const headers = [['x-api-key', apiKey]] as const;
  const used = async (): Promise<unknown> => {
    const { text } = await sendRaw(url, { method: 'GET', path: '/api/oauth/usage', headers });
    return jsonAt(JSON.parse(text), 'extra_usage', 'used_credits');
  };
  await vi.waitFor(async () => expect(await used()).toBe(100), { timeout: 10_000 });
}

function fileFor(url: string): string {
  return `version: 1
preferred: claude
providers:
  claude: {dialect: anthropic, baseUrl: "${url}"}
  listed: {dialect: anthropic, baseUrl: "${url}"}
prices:
  claude:*: {input: 0, output: ${price * 1_000_000}}
`;
}
