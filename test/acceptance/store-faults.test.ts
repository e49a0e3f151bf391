import { playModel, say, startFaultProxy } from '@ccg/testkit';
import type { FaultProxy } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { expectError } from './support/expect-error.ts';
import { sendRaw } from './support/send-raw.ts';
import type { RawAnswer } from './support/send-raw.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let proxy: FaultProxy;
let suite: Suite;
beforeEach(async () => {
  suite = await startSuite(
    'store-faults',
    { PREFERRED_PROVIDER: 'openai', RATE_LIMIT_RPM: '1000000' },
    async (redisUrl) => {
      proxy = await startFaultProxy(redisUrl);
      return proxy.url;
    },
  );
  suite.upstream.play(playModel([{ content: [say('fine')] }]));
});
afterEach(async () => {
  await suite.close();
  await proxy.close();
});

async function ask(apiKey: string): Promise<RawAnswer> {
  return sendRaw(suite.gateway.url, {
    headers: [
      ['x-api-key', apiKey],
      ['content-type', 'application/json'],
    ],
    body: JSON.stringify({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] }),
  });
}

const faults = [
  {
    fault: 'hangs',
    strike: () => {
      proxy.hang();
    },
  },
  {
    fault: 'is gone',
    strike: () => {
      proxy.cut();
    },
  },
] as const;

describe.each(faults)('while Redis $fault', ({ strike }) => {
  test('a known key is served, another is told to come back, and neither waits', async () => {
    const knownKey = suite.apiKey;
    const otherKey = await suite.issueApiKey('other');
    expect((await ask(knownKey)).status).toBe(200);
    strike();

    const begun = performance.now();
    const refused = await ask(otherKey);
    expect(performance.now() - begun).toBeLessThan(5 * 1000);
    expectError(refused, {
      status: 503,
      type: 'api_error',
      message: /API keys/u,
      headers: { 'retry-after': /^[1-9]\d?$/u },
    });
    expect((await ask(knownKey)).status).toBe(200);
    expect((await fetch(`${suite.gateway.opsUrl}/readyz`)).status).toBe(200);
    expect((await fetch(`${suite.gateway.opsUrl}/livez`)).status).toBe(200);

    proxy.restore();
    await expect.poll(async () => (await ask(otherKey)).status, { timeout: 30_000 }).toBe(200);
    await suite.gateway.waitForLog((line) => line['msg'] === 'limits are shared through Redis again');
    // The Redis of the tests keeps nothing, which a start warns of.
    const events = suite.gateway
      .logs()
      .filter(({ msg }) => /store|Redis/u.test(String(msg)) && !/append-only/u.test(String(msg)));
    // Redis counts as down after three calls without an answer; a short fault may cost fewer.
    const told = new Set(events.map(({ level, msg }) => `${String(level)}: ${String(msg)}`)).add('warn: store down');
    expect(told).toEqual(
      new Set([
        'info: store ready',
        'warn: store down',
        'warn: Redis is down: until it is back, this replica counts limits by itself',
        'info: limits are shared through Redis again',
      ]),
    );
  });
});
