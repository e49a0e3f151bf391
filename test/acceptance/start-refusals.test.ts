import { redisForSuite, runGatewayToExit, startGateway } from '@ccg/testkit';
import { describe, expect, test } from 'vitest';

const pepper = '0123456789abcdef0123456789abcdef';

interface Refusal {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the one message must hold, each. */
  readonly says: readonly RegExp[];
}

const openai = { OPENAI_API_KEY: 'sk-test' } as const;
const refusals: readonly Refusal[] = [
  { name: 'no provider', env: {}, says: [/^\s*OPENAI_API_KEY=/mu, /^\s*ANTHROPIC_API_KEY=/mu, /\.env/u] },
  { name: 'no pepper', env: { ...openai, KEY_PEPPER: '' }, says: [/KEY_PEPPER/u] },
  { name: 'no Redis', env: { ...openai, REDIS_URL: '' }, says: [/REDIS_URL/u] },
  {
    name: 'a preferred provider that is not configured',
    env: { ...openai, PREFERRED_PROVIDER: 'anthropic' },
    says: [/PREFERRED_PROVIDER/u, /anthropic/u],
  },
  {
    name: 'a preferred provider that is not built',
    env: { ...openai, PREFERRED_PROVIDER: 'gemini' },
    says: [/PREFERRED_PROVIDER/u, /gemini/u],
  },
  {
    name: 'several providers and none preferred',
    env: { ...openai, ANTHROPIC_API_KEY: 'sk-ant-test' },
    says: [/^\s*PREFERRED_PROVIDER: required\. .*openai, anthropic/mu],
  },
  {
    name: "no models for Claude's names at a server that is not OpenAI's",
    env: { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' },
    says: [/^\s*BIG_MODEL: required\. Name a model of/mu, /^\s*SMALL_MODEL: required\. Name a model of/mu],
  },
  {
    name: 'a credential that no header can carry, and the URL of a request',
    env: { OPENAI_API_KEY: 'sk-“secretpart”', OPENAI_BASE_URL: 'http://127.0.0.1:9/v1/chat/completions' },
    says: [/^\s*OPENAI_API_KEY: .*printable ASCII/mu, /^\s*OPENAI_BASE_URL: must be the base URL/mu],
  },
  {
    name: "a gateway's key as OpenAI's credential",
    env: { OPENAI_API_KEY: 'ccg_live_secretpart' },
    says: [/OPENAI_API_KEY/u],
  },
  {
    name: "a gateway's key as Anthropic's credential",
    env: { ANTHROPIC_API_KEY: 'ccg_live_secretpart' },
    says: [/ANTHROPIC_API_KEY/u],
  },
  {
    name: 'a proxy that speaks no HTTP, and roots that are no certificates',
    env: { ...openai, HTTPS_PROXY: 'socks5://secretpart.example:1080', NODE_EXTRA_CA_CERTS: '/dev/null' },
    says: [/HTTPS_PROXY: must be an http/u, /NODE_EXTRA_CA_CERTS: must be the path/u],
  },
  {
    name: 'a HOST that no name server knows',
    env: { ...openai, HOST: 'gateway.invalid', LOG_LEVEL: 'silent' },
    says: [/^The gateway cannot listen on gateway\.invalid: no address is known for that name .* Set HOST to .*\.\n$/u],
  },
  {
    name: 'a REDIS_URL whose password has a character that ends the host',
    env: { ...openai, REDIS_URL: 'redis://:secret/part@redis.internal' },
    says: [/REDIS_URL: names no host\. In a password write # as %23/u],
  },
  {
    name: 'a folder as its .env',
    env: { ...openai, ENV_FILE: '/' },
    says: [/^\/ is a folder\. It must be a file of NAME=value lines\.\n$/u],
  },
  {
    name: 'LOG_EXCHANGE, which would write the prompts of an organisation to files',
    env: { ...openai, LOG_EXCHANGE: '/nonexistent/exchanges' },
    says: [/^LOG_EXCHANGE works with npm start alone: .* Unset it\.\n$/u],
  },
  {
    name: 'several faults, told at once',
    env: {
      ...openai,
      PORT: 'http',
      OPS_PORT: '70000',
      RATE_LIMIT_RPM: '-1',
      DRAIN_TIMEOUT_MS: 'long',
      MAX_OUTPUT_TOKENS: 'few',
      KEY_PEPPER: '',
    },
    says: [/\bPORT\b/u, /OPS_PORT/u, /RATE_LIMIT_RPM/u, /DRAIN_TIMEOUT_MS/u, /MAX_OUTPUT_TOKENS/u, /KEY_PEPPER/u],
  },
];

describe('the gateway does not start with', () => {
  test.each(refusals)('$name', async ({ env, says }) => {
    const redis = redisForSuite('start-refusals');
    const { exit, output } = await runGatewayToExit({
      REDIS_URL: redis.url,
      REDIS_KEY_PREFIX: redis.keyPrefix,
      KEY_PEPPER: pepper,
      ...env,
    });
    expect(exit).toEqual({ code: 1, signal: null });
    for (const pattern of says) expect(output).toMatch(pattern);
    expect(output).not.toContain('secretpart');
    expect(output).not.toMatch(/^\s+at /mu);
  });

  test('a port that is in use, in one sentence', async () => {
    const redis = redisForSuite('start-refusals');
    const env = { ...openai, REDIS_URL: redis.url, REDIS_KEY_PREFIX: redis.keyPrefix, KEY_PEPPER: pepper };
    const first = await startGateway(env);
    const { port } = new URL(first.url);
    const { exit, output } = await runGatewayToExit({ ...env, PORT: port, LOG_LEVEL: 'silent' });
    await first.stop();
    expect(exit).toEqual({ code: 1, signal: null });
    expect(output).toBe(
      `The gateway cannot listen on port ${port} of 127.0.0.1: another process uses it (EADDRINUSE). ` +
        'Stop that process, or set PORT to a free port.\n',
    );
  });

  test('another pepper than the one its keys are stored under', async () => {
    const redis = redisForSuite('start-refusals');
    const env = { ...openai, REDIS_URL: redis.url, REDIS_KEY_PREFIX: redis.keyPrefix };
    const first = await startGateway({ ...env, KEY_PEPPER: pepper });
    await first.stop();
    const { exit, output } = await runGatewayToExit({ ...env, KEY_PEPPER: pepper.toUpperCase() });
    expect(exit).toEqual({ code: 1, signal: null });
    expect(output).toMatch(/KEY_PEPPER/u);
    expect(output).not.toContain(pepper.toUpperCase());
  });
});
