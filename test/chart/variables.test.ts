import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminVariables, parseAdminConfig } from '@ccg/admin';
import { gatewayVariables, parseConfig } from '@ccg/gateway';
import { selfSignedCertificate, selfSignedKey } from '@ccg/testkit';
import { parseWorkerConfig, workerVariables } from '@ccg/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';

import { installations } from './support/chart.ts';
import { chartSuite } from './support/chart-suite.ts';
import { environmentOf } from './support/environment-of.ts';
import { schemaAt, valuesSchema } from './support/read-chart.ts';
import { resolveSchema } from './support/schema-rules.ts';
import type { Schema } from './support/schema-rules.ts';

const toolsOf = chartSuite();
const isSecret = ({ $ref }: Schema): boolean => $ref === '#/$defs/secretVariable';

/** The variables below a path of the values that are no secrets, and the rule of each. */
function rulesAt(path: string): readonly (readonly [name: string, rule: Schema])[] {
  return Object.entries(schemaAt(path).properties ?? {})
    .filter(([, schema]) => !isSecret(schema))
    .map(([name, schema]) => [name, resolveSchema(valuesSchema, schema)] as const);
}

/** Values for the variables that neither `variables` nor those of a component set. */
const otherValues = {
  logLevel: 'debug',
  trustProxy: ['10.0.0.0/8'],
  config: { preferred: 'openai' },
  redis: { keyPrefix: 'other:', passwordSecret: 'redis', tlsSecret: 'redis', clientCertificate: true },
};

/** What the Secrets that the ci files name would hold. */
const secrets: Readonly<Record<string, string>> = {
  KEY_PEPPER: 'p'.repeat(32),
  REDIS_URL: 'redis://redis:6379',
};
const credentials = { ANTHROPIC_API_KEY: 'sk-ant-x', VLLM_API_KEY: 'x' };
const files = {
  ADMIN_TOKEN_FILE: 't'.repeat(32),
  REDIS_PASSWORD_FILE: 'password',
  REDIS_CA_FILE: selfSignedCertificate,
  REDIS_CERT_FILE: selfSignedCertificate,
  REDIS_KEY_FILE: selfSignedKey,
  NODE_EXTRA_CA_CERTS: selfSignedCertificate,
};

describe.each([
  { component: 'gateway', variables: gatewayVariables, port: { PORT: 8080 }, readsCredentials: true },
  { component: 'worker', variables: workerVariables, port: {}, readsCredentials: true },
  { component: 'admin', variables: adminVariables, port: { ADMIN_PORT: 8080 }, readsCredentials: false },
])('the variables of the $component', ({ component, variables, port, readsCredentials }) => {
  test('can all be set by values of the chart', async (context) => {
    const { chart } = toolsOf(context);
    const usual = environmentOf(await chart.render('workers'), component);
    const shared = samplesOf(rulesAt('variables'));
    // A port of its own, beside that for probes.
    const own = { ...samplesOf(rulesAt(`${component}.variables`)), ...port };
    // Workers ask the providers of the gateway.
    const ofGateway = { ...samplesOf(rulesAt('gateway.variables')), PORT: 8080 };
    const terminationGracePeriodSeconds = 90_000;
    const values = {
      ...otherValues,
      variables: shared,
      gateway: { variables: ofGateway, terminationGracePeriodSeconds },
      [component]: { variables: own, terminationGracePeriodSeconds },
    };
    const set = environmentOf(await chart.render('workers', { values }), component);

    const texts = Object.entries({ ...shared, ...own }).map(([name, value]) => [name, String(value)] as const);
    expect(set.values).toMatchObject(Object.fromEntries(texts));
    const changed = Object.keys(set.values).filter((name) => set.values[name] !== usual.values[name]);
    const named = [...changed, ...Object.keys(set.secrets), 'ADMIN_TOKEN_FILE'];
    // Every key of the Secret with credentials is a variable.
    expect(set.allOf).toEqual(readsCredentials ? ['ccg-providers'] : []);
    expect(variables.filter((name) => !named.includes(name) && !name.endsWith('_API_KEY'))).toEqual([]);
  });
});

describe('the rules of variables', () => {
  test.for([...rulesAt('variables'), ...rulesAt('gateway.variables')])(
    '%s is refused by the chart where the gateway refuses it',
    ([name, schema]) => {
      const others = { ...secrets, ...credentials, OPENAI_API_KEY: 'x', PREFERRED_PROVIDER: 'openai' };
      const isTaken = (value: unknown): boolean => {
        const parsed = parseConfig({ ...others, [name]: String(value) });
        return parsed.kind === 'valid' || !parsed.message.includes(`${name}: must be`);
      };
      const { minimum, maximum, enum: words } = schema;
      // The gateway lets the system choose a port for 0, which no Service would find.
      if (minimum !== undefined && !name.endsWith('PORT'))
        expect([minimum - 1, minimum].map(isTaken)).toEqual([false, true]);
      if (maximum !== undefined) expect([maximum, maximum + 1].map(isTaken)).toEqual([true, false]);
      if (words !== undefined) expect([...words, 'other'].map(isTaken)).toEqual([...words.map(() => true), false]);
      if (schema.type === 'boolean') expect([true, false, 'maybe'].map(isTaken)).toEqual([true, true, false]);
    },
  );

  test.for(gatewayVariables.filter((name) => /_API_KEY$|^KEY_PEPPER|^SEALING_KEYS$|^REDIS_URL$|_HEADERS$/u.test(name)))(
    '%s is refused among the values, wherever it stands, because it is a secret',
    async (name, context) => {
      const { chart } = toolsOf(context);
      const variables = { [name]: 'inline' };
      const values = { variables, gateway: { variables }, worker: { variables }, admin: { variables } };
      const refusal = await chart.refusal('minimal', { values });
      const holder = name.endsWith('_API_KEY') ? 'credentials' : name === 'REDIS_URL' ? 'redis' : 'keys';
      const sentences = ['variables', 'gateway.variables', 'worker.variables', 'admin.variables'].map(
        (place) =>
          `- ${place}.${name} is a secret. Put it under the key ${name} into the Secret that ` +
          `${holder}.existingSecret names, and remove it here.`,
      );
      expect(refusal.split('\n')).toEqual(expect.arrayContaining(sentences));
      expect(refusal).not.toContain('inline');
    },
  );
});

describe.each(installations)('the environment that ci/%s-values.yaml makes', (installation) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ccg-chart-'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o440 });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is taken by the gateway, and by workers and the admin API where there are some, without a warning', async (context) => {
    const { chart } = toolsOf(context);
    const objects = await chart.render(installation);
    const config = objects.find(({ name }) => name === 'ConfigMap/ccg-config')?.object;
    if (config !== undefined)
      writeFileSync(join(folder, 'GATEWAY_CONFIG'), configMap.parse(config).data['gateway.yaml']);
    const environment = (component: string): Record<string, string> => {
      const { values, secrets: named, allOf } = environmentOf(objects, component);
      // What is a file in the pod is one in the folder here. Google's is of no use without Google.
      const { GOOGLE_APPLICATION_CREDENTIALS: _key, ...others } = values;
      const paths = Object.keys(others).filter((name) => name in files || name === 'GATEWAY_CONFIG');
      return {
        ...others,
        ...Object.fromEntries(paths.map((name) => [name, join(folder, name)])),
        ...Object.fromEntries(Object.entries(secrets).filter(([name]) => name in named)),
        ...(allOf.length === 0 ? {} : credentials),
      };
    };
    if (objects.some(({ name }) => name === 'Deployment/ccg-worker')) {
      const { values } = environmentOf(objects, 'worker');
      expect(parseWorkerConfig(environment('worker'))).toMatchObject({
        kind: 'valid',
        warnings: [],
        listenWarnings: [],
      });
      // It asks the gateway's providers for the gateway's models, and is another process.
      const { PORT: _port, DRAIN_DELAY_MS: _delay, DRAIN_TIMEOUT_MS: _drain, ...shared } = environment('gateway');
      expect(environment('worker')).toMatchObject(shared);
      expect(Number(values['DRAIN_TIMEOUT_MS'])).toBe(100_000);
    }
    const clean = { kind: 'valid', warnings: [], listenWarnings: [] };
    expect(parseConfig(environment('gateway'))).toMatchObject(clean);
    if (objects.some(({ name }) => name === 'Deployment/ccg-admin')) {
      expect(parseAdminConfig(environment('admin'))).toMatchObject(clean);
    }
  });
});

const configMap = z.object({ data: z.object({ 'gateway.yaml': z.string() }) });

const samplesOf = (rules: ReturnType<typeof rulesAt>): Record<string, unknown> =>
  Object.fromEntries(rules.map(([name, rule]) => [name, sampleOf(rule)]));

/** A value that is taken, and no default. */
function sampleOf({ type, enum: words, minimum = 0 }: Schema): unknown {
  if (words !== undefined) return words[0];
  if (type === 'boolean') return true;
  return type === 'integer' ? minimum + 1 : 'x';
}
