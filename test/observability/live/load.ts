import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { jsonTextAt } from '@ccg/testkit';

import { openStream } from '../../acceptance/support/open-stream.ts';
import type { ObservedSystem } from './observed-system.ts';

/** Whose requests the load is made of. */
export interface Keys {
  readonly good: string;
  readonly deniedModel: string;
  readonly deniedScope: string;
  readonly suspended: string;
  readonly limited: string;
  readonly broke: string;
  readonly crowded: string;
  /** May create batches. */
  readonly batches: string;
  /** Never used, so that no replica remembers them. */
  readonly fresh: readonly string[];
}

/** So long that a search of logs and metrics for it finds nothing else. */
const prompt = 'a prompt that stands in no log and in no metric';

const tenant = (id: string, more: object = {}) => ({ id, name: id, allowlist: { models: ['*'] }, ...more });

/** Makes tenants that differ in what they may do, and an API key of each. */
export async function makeTenants(system: ObservedSystem): Promise<Keys> {
  const limits = [
    { level: 'tenant', kind: 'requests', amount: 100_000, per: 'minute' },
    { level: 'tenant', kind: 'input_tokens', amount: 900_000_000, per: 'minute' },
    { level: 'api-key', kind: 'concurrency', amount: 500 },
    { name: 'watched', level: 'tenant', kind: 'requests', amount: 1, per: 'minute', mode: 'shadow' },
    { name: 'spent', level: 'tenant', kind: 'budget', amount: 0.01, per: 'day', mode: 'shadow' },
  ];
  await system.operate('POST', '/tenants', tenant('acme', { limits }));
  await system.operate('POST', '/tenants', tenant('narrow', { allowlist: { models: ['no-such-model'] } }));
  await system.operate('POST', '/tenants', tenant('suspended'));
  const one = [{ level: 'tenant', kind: 'requests', amount: 1, per: 'minute' }];
  await system.operate('POST', '/tenants', tenant('limited', { limits: one }));
  const cent = [{ level: 'tenant', kind: 'budget', amount: 0.01, per: 'day' }];
  await system.operate('POST', '/tenants', tenant('broke', { limits: cent }));
  const single = [{ level: 'tenant', kind: 'concurrency', amount: 1, maxWaiting: 1 }];
  await system.operate('POST', '/tenants', tenant('crowded', { limits: single }));
  const [good, deniedModel, deniedScope, suspended, limited, broke, crowded, batches, ...fresh] = await Promise.all([
    system.issueApiKey('acme'),
    system.issueApiKey('narrow'),
    system.issueApiKey('acme', { scopes: ['self'] }),
    system.issueApiKey('suspended'),
    system.issueApiKey('limited'),
    system.issueApiKey('broke'),
    system.issueApiKey('crowded'),
    system.issueApiKey('acme', { scopes: ['batches', 'messages'] }),
    ...Array.from({ length: 40 }, () => system.issueApiKey('acme')),
  ]);
  await system.operate('POST', '/tenants/suspended/suspend');
  return { good, deniedModel, deniedScope, suspended, limited, broke, crowded, batches, fresh };
}

export interface Load {
  /** One request of each kind. */
  wave(): Promise<void>;
  /** A batch that no provider answers, and that waits for hours already. */
  oldBatch(): Promise<void>;
  /** Streams that begin so late that an alert begins. */
  slowStreams(): Promise<void>;
  /** Answers without a stream of a provider that hangs, which their clients give up. */
  hungAnswers(): Promise<void>;
  /** A client that reads nothing of a large answer. */
  stalledReader(): Promise<void>;
  /** Cuts Redis off for a moment, while requests arrive and others end. */
  withoutRedis(): Promise<void>;
}

export function createLoad(system: ObservedSystem, keys: Keys): Load {
  const { gateway } = system;
  const ask = async (target: string, change: object = {}, apiKey = keys.good, path = '/v1/messages') => {
    const messages = [{ role: 'user', content: prompt }];
    const body = { model: 'claude', max_tokens: 64, stream: true, messages, ...change };
    return await openStream(`${gateway.url}${target === '' ? '' : `/${target}`}${path}`, apiKey, body);
  };
  const askToEnd = async (...request: Parameters<typeof ask>): Promise<void> => {
    await (await ask(...request)).frames().catch(() => {});
  };
  const leave = async (): Promise<void> => {
    const stream = await ask('anthropic:endless');
    await stream.readUntil((text) => text.includes('text_delta'));
    stream.leave();
  };
  /** One runs, one waits for it, and one finds somebody waiting. */
  const crowd = async (): Promise<void> => {
    const running = await ask('anthropic:endless', {}, keys.crowded);
    await running.readUntil((text) => text.includes('text_delta'));
    const others = [1, 2].map(async () => await askToEnd('anthropic:good', {}, keys.crowded));
    await Promise.race(others);
    running.leave();
    await Promise.all(others);
  };
  /** A session that an operator ends while it runs. */
  const kill = async (): Promise<void> => {
    const session = randomUUID();
    const body = { model: 'claude', max_tokens: 64, stream: true, messages: [{ role: 'user', content: prompt }] };
    const headers = { 'x-claude-code-session-id': session };
    const stream = await openStream(`${gateway.url}/anthropic:endless/v1/messages`, keys.good, body, headers);
    await stream.readUntil((text) => text.includes('text_delta'));
    await system.operate('POST', '/tenants/acme/sessions/kill', { session });
    await stream.frames().catch(() => {});
  };
  const createBatch = async (target: string): Promise<string> => {
    const params = { model: 'claude', max_tokens: 64, messages: [{ role: 'user', content: prompt }] };
    const requests = ['a', 'b', 'c'].map((id) => ({ custom_id: id, params }));
    const headers = { 'x-api-key': keys.batches, 'content-type': 'application/json' };
    const request = { method: 'POST', headers, body: JSON.stringify({ requests }) };
    // On a busy machine Redis may answer too late.
    for (let tries = 1; ; tries += 1) {
      const answer = await fetch(`${gateway.url}/${target}/v1/messages/batches`, request);
      if (answer.ok) return jsonTextAt(await answer.json(), 'id');
      if (tries === 5) throw new Error(`No batch was created: ${await answer.text()}`);
      await sleep(500);
    }
  };
  const token = [
    { alg: 'RS256', kid: 'k' },
    { iss: system.issuer, aud: 'observed', team: 'acme', sub: 'u', exp: 4e9 },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');

  return {
    async wave() {
      await Promise.all([
        ...[
          'anthropic:good',
          'anthropic:uncached',
          'anthropic:ungrammatical',
          'anthropic:cut',
          'chat:good',
          'tls:m',
        ].map(async (target) => await askToEnd(target)),
        askToEnd('anthropic:good', { stream: false }),
        askToEnd('chat:good', { top_p: 0.5 }),
        ...['down', 'busy', 'limited', 'refused', 'large', 'silent', 'gone'].flatMap((name) =>
          [1, 2].map(async () => await askToEnd(`${name}:m`)),
        ),
        askToEnd('anthropic:good', {}, keys.good, '/v1/messages/count_tokens'),
        askToEnd('anthropic:good', { max_tokens: 'many' }),
        ...[
          keys.deniedModel,
          keys.deniedScope,
          keys.suspended,
          keys.limited,
          keys.broke,
          'nobody',
          `${token}.c2ln`,
        ].map(async (apiKey) => await askToEnd('anthropic:good', {}, apiKey)),
        leave(),
        crowd(),
        kill(),
        createBatch('anthropic:good'),
        createBatch('large:m'),
        fetch(`${gateway.url}/v1/messages/batches`, { headers: { 'x-api-key': keys.good } }),
        system.operate('GET', '/tenants'),
        system.operate('POST', '/tenants', tenant('acme')),
      ]);
    },
    async oldBatch() {
      await system.ageBatch('acme', await createBatch('down:m'), 5);
    },
    async slowStreams() {
      await Promise.all(Array.from({ length: 20 }, async () => await askToEnd('slow:m')));
    },
    async hungAnswers() {
      const headers = { 'x-api-key': keys.good, 'content-type': 'application/json' };
      const messages = [{ role: 'user', content: prompt }];
      const body = JSON.stringify({ model: 'claude', max_tokens: 64, messages });
      // The first ones come before the others: a counter has to be seen before it grows.
      const waits = Array.from({ length: 16 }, (_, index) => (index < 2 ? 10_500 : 13_000));
      await Promise.all(
        waits.map(async (ms) => {
          const leaving = new AbortController();
          const { signal } = leaving;
          const asked = fetch(`${gateway.url}/hung:m/v1/messages`, { method: 'POST', headers, body, signal });
          const left = asked.catch(() => {});
          await sleep(ms);
          leaving.abort();
          await left;
        }),
      );
    },
    async stalledReader() {
      const body = JSON.stringify({
        model: 'm',
        max_tokens: 9,
        stream: true,
        messages: [{ role: 'user', content: 'x' }],
      });
      const headers = { 'x-api-key': keys.good, 'content-type': 'application/json' };
      const request = httpRequest(`${gateway.url}/anthropic:flood/v1/messages`, { method: 'POST', headers });
      request.on('response', (response) => response.pause().on('error', () => {})).on('error', () => {});
      request.end(body);
      // A reader that does not read is not told either that it was cut off; the gateway counts it.
      const isCut = async () =>
        /outcome="client_stalled"\} [1-9]/u.test(await (await fetch(`${gateway.opsUrl}/metrics`)).text());
      for (const deadline = Date.now() + 30_000; Date.now() < deadline && !(await isCut());) await sleep(500);
      request.destroy();
    },
    async withoutRedis() {
      const streams = await Promise.all([1, 2, 3].map(async () => await ask('anthropic:endless')));
      for (const stream of streams) await stream.readUntil((text) => text.includes('text_delta'));
      system.redis.cut();
      for (const stream of streams) stream.leave();
      for (const part of [0, 1, 2, 3]) {
        const some = keys.fresh.slice(part * 10, part * 10 + 10);
        await Promise.all(some.map(async (apiKey) => await askToEnd('anthropic:good', {}, apiKey)));
        await sleep(1000);
      }
      system.redis.restore();
    },
  };
}
