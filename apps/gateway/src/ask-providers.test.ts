import { catalogFromEnv, createTargets } from '@ccg/catalog';
import { createManualClock, head, jsonScript, startScriptedUpstream, unreachableUrl, write } from '@ccg/testkit';
import type { Script, ScriptedUpstream } from '@ccg/testkit';
import { createLogger } from '@ccg/telemetry';
import { createUpstream } from '@ccg/upstream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { askProviders } from './ask-providers.ts';

const list = { data: [{ id: 'a', max_model_len: 8192 }, { id: 'b' }] };
const clock = createManualClock();
const upstream = createUpstream({ connectTimeoutMs: 5000, firstByteTimeoutMs: 5000, idleTimeoutMs: 5000 });
let scripted: ScriptedUpstream;
let end = (): void => {};
beforeAll(async () => {
  scripted = await startScriptedUpstream();
});
afterEach(() => {
  end();
  scripted.reset();
});
afterAll(async () => {
  await upstream.close();
  await scripted.close();
});

const models = { BIG_MODEL: 'a', SMALL_MODEL: 'b' };
const openAi = () => ({ ...models, OPENAI_API_KEY: 'sk-secret', OPENAI_BASE_URL: `${scripted.url}/v1` });

/** Starts it, and gives the lines of its first round, one for each provider. */
async function firstLines(env: Readonly<Record<string, string>>) {
  const built = catalogFromEnv(env);
  if (built.kind === 'faulty') throw new Error(built.problems.join('\n'));
  const { catalog } = built;
  const targets = createTargets(catalog);
  const lines: string[] = [];
  const complete = Promise.withResolvers<void>();
  const logger = createLogger('debug', {
    write(line) {
      lines.push(line);
      if (lines.length === catalog.providers.size) complete.resolve();
    },
  });
  end = askProviders({ catalog, targets, upstream, clock, logger, intervalMs: 1000 });
  await complete.promise;
  expect(lines.join('\n')).not.toMatch(/sk-secret|\bat .*\.ts/u);
  const parsed = () => lines.map((line): Record<string, unknown> => JSON.parse(line));
  const { preferred: provider } = catalog;
  if (provider === undefined) throw new Error('no provider');
  return { lines: parsed, contextOf: (model: string) => targets.of({ provider, model }).limits };
}

describe('the first round', () => {
  test.each<readonly [string, Script, string, RegExp, object]>([
    [
      'lists models',
      jsonScript(200, list),
      'info',
      /provider answers: credential accepted, 2 models listed/u,
      { models: 2 },
    ],
    [
      'rejects the credential',
      jsonScript(401, { error: 'no' }),
      'warn',
      /rejects the credential \(HTTP 401\)/u,
      { credentialState: 'rejected' },
    ],
    [
      'rejects the credential in the way of Google',
      jsonScript(400, { error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] } }),
      'warn',
      /rejects the credential \(HTTP 400\)/u,
      { credentialState: 'rejected' },
    ],
    [
      'is a web page',
      [head(200, { 'content-type': 'text/html' }), write('<html>')],
      'warn',
      /\/models is a web page there, not an API: the base URL looks wrong/u,
      {},
    ],
    [
      'redirects',
      [head(302, { location: 'https://login.example/' })],
      'warn',
      /\/models redirects to another address there \(HTTP 302\): the base URL looks wrong/u,
      {},
    ],
    [
      'has no such path',
      [head(404), write('404 page not found')],
      'warn',
      /there is no \/models there \(HTTP 404\): the base URL looks wrong.* The base URL usually ends in \/v1\.$/u,
      {},
    ],
    ['has no list', jsonScript(404, { error: 'no' }), 'info', /does not list its models \(HTTP 404\)/u, {}],
    ['says something else', jsonScript(200, { hello: 1 }), 'info', /does not list its models \(HTTP 200\)/u, {}],
    [
      'says plain text',
      [head(200, { 'content-type': 'text/plain' }), write('Ollama is running')],
      'warn',
      /\/models is not JSON there: the base URL looks wrong/u,
      {},
    ],
    ['says nothing', [head(200)], 'warn', /\/models is empty there: the base URL looks wrong/u, {}],
    ['lists one model', jsonScript(200, { data: [{ id: 'a' }] }), 'info', /, 1 model listed$/u, { models: 1 }],
    ['fails', jsonScript(503, { error: 'no' }), 'warn', /fails \(HTTP 503\)/u, {}],
  ])('tells of a provider that %s', async (_what, script, level, message, more) => {
    scripted.answer(script);
    const { lines } = await firstLines(openAi());
    const reached = { provider: 'openai', reachable: true, baseUrl: `${scripted.url}/v1` };
    expect(lines()).toEqual([
      expect.objectContaining({ ...reached, level, msg: expect.stringMatching(message), ...more }),
    ]);
  });

  test('tells of a provider that cannot be reached, and why', async () => {
    const { lines } = await firstLines({ ...models, OPENAI_BASE_URL: `${await unreachableUrl()}/v1` });
    expect(lines()).toEqual([
      expect.objectContaining({
        level: 'warn',
        reachable: false,
        msg: 'provider cannot be reached: ECONNREFUSED. Check the base URL',
      }),
    ]);
  });

  test('tells of every provider, none waits for another', async () => {
    scripted.play(({ path }) => (path.startsWith('/v1/models?') ? jsonScript(200, list) : jsonScript(401, {})));
    const env = { ...openAi(), ANTHROPIC_API_KEY: 'sk-secret', ANTHROPIC_API_BASE: scripted.url };
    const { lines } = await firstLines({ ...env, PREFERRED_PROVIDER: 'openai' });
    expect(
      new Set(lines().map(({ provider, credentialState }) => `${String(provider)} ${String(credentialState)}`)),
    ).toEqual(new Set(['openai rejected', 'anthropic accepted']));
  });
});

test('limits are learned in every round, and what has changed is told of once', async () => {
  scripted.answer(jsonScript(200, list), jsonScript(200, { data: [{ id: 'a', max_model_len: 4096 }] }));
  scripted.play(() => jsonScript(503, {}));
  const { lines, contextOf } = await firstLines(openAi());
  expect(contextOf('a').contextTokens).toBe(8192);
  const rounds = 5;
  for (let round = 2; round <= rounds; round += 1) {
    await expect
      .poll(() => {
        clock.advance(1000);
        return scripted.requests.length;
      })
      .toBeGreaterThanOrEqual(round);
  }
  expect(contextOf('a').contextTokens).toBe(4096);
  await expect.poll(() => lines().length).toBeGreaterThanOrEqual(rounds - 1);
  expect(
    lines()
      .map(({ level }) => level)
      .slice(0, 4),
  ).toEqual(['info', 'debug', 'warn', 'debug']);
});
