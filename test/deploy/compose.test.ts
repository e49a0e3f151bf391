import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { adminVariables } from '@ccg/admin';
import { gatewayVariables, parseConfig } from '@ccg/gateway';
import { workerVariables } from '@ccg/worker';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { repositoryRoot } from '../gates/repository-root.ts';

interface Service {
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly (
    | string
    | { readonly source: string; readonly target: string; readonly read_only: boolean }
  )[];
  readonly stop_grace_period: string;
  readonly command: readonly string[];
  readonly ports: readonly string[];
  readonly develop: { readonly watch: readonly { readonly action: string; readonly path: string }[] };
}

const text = readFileSync(join(repositoryRoot, 'docker-compose.yml'), 'utf8');
const { services } = parse(text, { merge: true }) as { readonly services: Readonly<Record<string, Service>> };
const apps = Object.entries({ gateway: gatewayVariables, worker: workerVariables, admin: adminVariables }).map(
  ([app, variables]) => [app, services[app], variables] as const,
);

/** What compose decides, and what to set instead. */
const decided: Readonly<Record<string, string>> = {
  HOST: 'BIND and ADMIN_BIND say on which address of the machine the ports are',
  OPS_HOST: 'the ports of probes and metrics are published on the loopback address alone',
  ENV_FILE: '.env is mounted where the apps look for it',
};

describe.each(apps)('the service %s', (app, service, variables) => {
  const { environment = {}, volumes = [], ports = [], develop, stop_grace_period: grace = '' } = service ?? {};

  test('lets every variable of its app be set in .env', () => {
    const deaf = variables.filter((name) => Object.hasOwn(environment, name) && !text.includes(`\${${name}`));
    expect(deaf.filter((name) => decided[name] === undefined)).toEqual([]);
    expect(volumes).toContainEqual(expect.objectContaining({ source: './.env', target: '/app/.env', read_only: true }));
  });

  test('restarts when .env changes', () => {
    expect(develop?.watch).toContainEqual({ action: 'restart', path: './.env' });
  });

  test('publishes its ports on the loopback address unless it is told otherwise', () => {
    // Nobody calls a worker, and of several each would need another port.
    expect(ports.length > 0).toBe(app !== 'worker');
    for (const port of ports) expect(port).toMatch(/^(?:\$\{\w+:-127\.0\.0\.1\}|127\.0\.0\.1):/u);
  });

  test('has the time that running streams get to finish', () => {
    const seconds = Number(/^\$\{STOP_GRACE_PERIOD:-(?<seconds>\d+)s\}$/u.exec(grace)?.groups?.['seconds']);
    const required = { REDIS_URL: 'redis://r', KEY_PEPPER: 'p'.repeat(32), OPENAI_API_KEY: 'sk-x' };
    const parsed = parseConfig(required);
    if (parsed.kind === 'faulty') throw new Error(parsed.message);
    const { drainDelayMs, drainTimeoutMs } = parsed.config;
    expect(seconds * 1000).toBeGreaterThan(drainDelayMs + drainTimeoutMs);
  });
});

test('gateway and worker have the same store of batches, which is a volume of both', () => {
  const [gateway, worker] = ['gateway', 'worker'].map((name) => {
    const { environment = {}, volumes = [] } = services[name] ?? {};
    const variables = Object.entries(environment).filter(([name]) => /^(?:BATCH|AWS)_/u.test(name));
    return { variables: Object.fromEntries(variables), shared: volumes.filter((volume) => typeof volume === 'string') };
  });
  expect(gateway).toEqual(worker);
  expect(worker).toMatchObject({
    variables: { BATCH_STORE: '${BATCH_STORE:-directory}', BATCH_DIR: '${BATCH_DIR:-/batches}' },
    shared: ['batches:/batches'],
  });
  // Any user of a container may write there: a volume that is new has the mode of the folder in the image.
  expect(readFileSync(join(repositoryRoot, 'deploy/Dockerfile'), 'utf8')).toContain('install -d -m 1777 /batches');
});

test.each(['KEY_PEPPER', 'REDIS_PASSWORD', 'ADMIN_TOKEN_FILE', 'GRAFANA_PASSWORD'])(
  '%s has no default, and its lack is told',
  (name) => {
    expect(text).toContain(`\${${name}:?Set ${name} in .env`);
  },
);

test.each([
  ['0a9f', ''],
  ['Base+64._~-==', ''],
  ...['p@ss', 'p/w', 'p#w', 'p?w', 'p w', 'p%w', "p'w"].map((password) => [
    password,
    'REDIS_PASSWORD in .env has a character that does not fit into a URL. Use letters and digits: openssl rand -hex 32\n',
  ]),
])('with %s as REDIS_PASSWORD Redis starts, or says what to write', (password, refusal) => {
  const [, , script = ''] = services['redis']?.command ?? [];
  // What the server would read on its standard input is printed.
  const command = script.replaceAll('$$', '$').replace('exec valkey-server', 'exec sh -c cat');
  const run = spawnSync('sh', ['-c', command], { env: { REDISCLI_AUTH: password, PATH: '/usr/bin:/bin' } });
  expect(String(run.stderr)).toBe(refusal);
  expect(String(run.stdout)).toBe(refusal === '' ? `requirepass ${password}\n` : '');
});
