import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gatewayVariables, parseConfig } from '@ccg/gateway';
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
const rules = Object.entries(schemaAt('gateway.variables').properties ?? {})
  .filter(([, schema]) => !isSecret(schema))
  .map(([name, schema]) => [name, resolveSchema(valuesSchema, schema)] as const);

/** Values for the variables that `gateway.variables` does not set. */
const otherValues = {
  logLevel: 'debug',
  trustProxy: ['10.0.0.0/8'],
  config: { preferred: 'openai' },
  redis: { keyPrefix: 'other:' },
};

/** What the Secrets of the ci files would hold. */
const secrets = {
  KEY_PEPPER: 'p'.repeat(32),
  REDIS_URL: 'redis://redis:6379',
  ANTHROPIC_API_KEY: 'sk-ant-x',
  VLLM_API_KEY: 'x',
};

describe('the variables of the gateway', () => {
  test('can all be set by values of the chart', async (context) => {
    const { chart } = toolsOf(context);
    const usual = environmentOf(await chart.render('minimal'), 'gateway');
    const samples = Object.fromEntries(rules.map(([name, schema]) => [name, sampleOf(schema)]));
    const variables: typeof samples = { ...samples, PORT: 8080 };
    const gateway = { variables, terminationGracePeriodSeconds: 90_000 };
    const set = environmentOf(await chart.render('minimal', { values: { ...otherValues, gateway } }), 'gateway');

    const texts = Object.entries(variables).map(([name, value]) => [name, String(value)] as const);
    expect(set.values).toMatchObject(Object.fromEntries(texts));
    const changed = Object.keys(set.values).filter((name) => set.values[name] !== usual.values[name]);
    const named = [...changed, ...Object.keys(set.secrets)];
    // Every key of the Secret with credentials is a variable.
    expect(set.allOf).toEqual(['ccg-providers']);
    expect(gatewayVariables.filter((name) => !named.includes(name) && !name.endsWith('_API_KEY'))).toEqual([]);
  });

  test.for(rules)('%s is refused by the chart where the gateway refuses it', ([name, schema]) => {
    const isTaken = (value: unknown): boolean => {
      const parsed = parseConfig({
        ...secrets,
        OPENAI_API_KEY: 'x',
        PREFERRED_PROVIDER: 'openai',
        [name]: String(value),
      });
      return parsed.kind === 'valid' || !parsed.message.includes(`${name}: must be`);
    };
    const { minimum, maximum, enum: words } = schema;
    // The gateway lets the system choose a port for 0, which no Service would find.
    if (minimum !== undefined && !name.endsWith('PORT'))
      expect([minimum - 1, minimum].map(isTaken)).toEqual([false, true]);
    if (maximum !== undefined) expect([maximum, maximum + 1].map(isTaken)).toEqual([true, false]);
    if (words !== undefined) expect([...words, 'other'].map(isTaken)).toEqual([...words.map(() => true), false]);
    if (schema.type === 'boolean') expect([true, false, 'maybe'].map(isTaken)).toEqual([true, true, false]);
  });

  test.for(gatewayVariables.filter((name) => /_API_KEY$|^KEY_PEPPER|^SEALING_KEYS$/u.test(name)))(
    '%s is refused among the values, because it is a secret',
    async (name, context) => {
      const { chart } = toolsOf(context);
      const refusal = await chart.refusal('minimal', { values: { gateway: { variables: { [name]: 'inline' } } } });
      const holder = name.endsWith('_API_KEY') ? 'credentials' : 'keys';
      expect(refusal.split('\n')).toContain(
        `- gateway.variables.${name} is a secret. Put it under the key ${name} into the Secret that ` +
          `${holder}.existingSecret names, and remove it here.`,
      );
      expect(refusal).not.toContain('inline');
    },
  );
});

describe('the gateway', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ccg-chart-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.for(installations)(
    'takes the configuration of ci/%s-values.yaml without a warning',
    async (installation, context) => {
      const { chart } = toolsOf(context);
      const objects = await chart.render(installation);
      const { values } = environmentOf(objects, 'gateway');
      const config = objects.find(({ name }) => name === 'ConfigMap/ccg-config')?.object;
      const file = join(folder, `${installation}.yaml`);
      if (config !== undefined) writeFileSync(file, configMap.parse(config).data['gateway.yaml']);
      // Files of the cluster that this machine has not.
      const { GOOGLE_APPLICATION_CREDENTIALS: _key, NODE_EXTRA_CA_CERTS: _roots, ...environment } = values;
      const parsed = parseConfig({
        ...secrets,
        ...environment,
        ...(config === undefined ? {} : { GATEWAY_CONFIG: file }),
      });
      expect(parsed).toMatchObject({ kind: 'valid', warnings: [], listenWarnings: [] });
    },
  );
});

const configMap = z.object({ data: z.object({ 'gateway.yaml': z.string() }) });

/** A value that is taken, and no default. */
function sampleOf({ type, enum: words, minimum = 0 }: Schema): unknown {
  if (words !== undefined) return words[0];
  if (type === 'boolean') return true;
  return type === 'integer' ? minimum + 1 : 'x';
}
