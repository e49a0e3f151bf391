import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

const env = { REDIS_URL: 'redis://localhost', KEY_PEPPER: 'p'.repeat(32), OPENAI_API_KEY: 'sk-1' };

function warningsOf(hosts: Readonly<Record<string, string>>): readonly string[] {
  const parsed = parseConfig({ ...env, ...hosts });
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  return parsed.warnings;
}

test.each([{ HOST: '0.0.0.0' }, { HOST: '::' }, { HOST: '10.0.0.5' }, { HOST: 'gateway.internal' }])(
  'metrics that are open to a network because OPS_HOST follows HOST are warned of: %o',
  (hosts) => {
    expect(warningsOf(hosts)).toEqual([expect.stringMatching(/metrics.*Set OPS_HOST/u)]);
  },
);

test.each([
  {},
  { HOST: 'localhost' },
  { HOST: '127.0.0.2' },
  { HOST: '::1' },
  { HOST: '0.0.0.0', OPS_HOST: '0.0.0.0' },
])('metrics that stay on the machine, or are open on purpose, are not: %o', (hosts) => {
  expect(warningsOf(hosts)).toEqual([]);
});
