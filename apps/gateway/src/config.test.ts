import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const env = { REDIS_URL: 'redis://localhost', KEY_PEPPER: 'p'.repeat(32), OPENAI_API_KEY: 'sk-1' };

function warningsOf(hosts: Readonly<Record<string, string>>): readonly string[] {
  const parsed = parseConfig({ ...env, ...hosts });
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  return parsed.listenWarnings;
}

test.each([
  { HOST: '0.0.0.0' },
  { HOST: '::' },
  { HOST: '10.0.0.5' },
  { HOST: 'gateway.internal' },
  { HOST: '127.example.com' },
])('metrics that are open to a network because OPS_HOST follows HOST are warned of: %o', (hosts) => {
  expect(warningsOf(hosts)).toEqual([expect.stringMatching(/metrics.*Set OPS_HOST/u)]);
});

test.each([
  {},
  { HOST: 'localhost' },
  { HOST: '127.0.0.2' },
  { HOST: '::1' },
  { HOST: '0.0.0.0', OPS_HOST: '0.0.0.0' },
])('metrics that stay on the machine, or are open on purpose, are not: %o', (hosts) => {
  expect(warningsOf(hosts)).toEqual([]);
});

test.each([{ PORT: '4002' }, { OPS_PORT: '4000' }, { HOST: '::1', OPS_HOST: '::1', PORT: '80', OPS_PORT: '80' }])(
  'one port for clients and for probes is refused: %o',
  (ports) => {
    const parsed = parseConfig({ ...env, ...ports });
    expect(parsed).toMatchObject({
      kind: 'faulty',
      message: expect.stringMatching(/^  PORT and OPS_PORT must differ/mu),
    });
  },
);

test.each([
  { PORT: '0', OPS_PORT: '0' },
  { PORT: '80', OPS_PORT: '80', HOST: '10.0.0.1', OPS_HOST: '127.0.0.1' },
])('two ports that the system chooses, and one port on two hosts, are not: %o', (ports) => {
  expect(parseConfig({ ...env, ...ports }).kind).toBe('valid');
});

test('what is wrong with variables together is told beside what is wrong with others', () => {
  const together = { PORT: '4002', FETCH_IMAGE_URLS: 'true', HTTPS_PROXY: 'proxy:3128' };
  const reports = { LOG_SAMPLE: '0', METRICS_MAX_TENANTS: 'many', METRICS_MAX_MODELS: '-1' };
  const parsed = parseConfig({ ...together, KEY_PEPPER: 'short', LOG_LEVEL: 'loud', OPENAI_DIALECT: 'x', ...reports });
  if (parsed.kind === 'valid') throw new Error('it is taken');
  const names = ['REDIS_URL', 'KEY_PEPPER', 'LOG_LEVEL', 'PORT and OPS_PORT', 'FETCH_IMAGE_URLS', 'OPENAI_DIALECT'];
  names.push(...Object.keys(reports));
  for (const name of names) expect(parsed.message).toContain(`\n  ${name}`);
  const oneFaulty = parseConfig({ ...env, PORT: 'x', OPS_PORT: '4000' });
  expect(oneFaulty).toMatchObject({ problems: [expect.stringMatching(/^PORT: must be/u)] });
});

test('files are not fetched from where a proxy chooses', () => {
  const faulty = parseConfig({ ...env, FETCH_IMAGE_URLS: 'true', HTTPS_PROXY: 'proxy:3128' });
  expect(faulty).toMatchObject({
    kind: 'faulty',
    message: expect.stringMatching(/^  FETCH_IMAGE_URLS: cannot be true while HTTPS_PROXY is set/mu),
  });
  expect(parseConfig({ ...env, FETCH_IMAGE_URLS: 'true' })).toMatchObject({ config: { fetchImageUrls: true } });
  expect(parseConfig({ ...env, HTTPS_PROXY: 'proxy:3128' })).toMatchObject({ config: { fetchImageUrls: false } });
});
