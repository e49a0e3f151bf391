import { catalogFileJsonSchema } from '@ccg/catalog';
import { describe, expect, test } from 'vitest';

import { chartSuite } from './support/chart-suite.ts';
import { valuesSchema } from './support/read-chart.ts';
import { faultsOf, faultyValues } from './support/schema-rules.ts';
import { chartValuesSchema } from './support/values-schema.ts';

const toolsOf = chartSuite();

describe('the schema of the values', () => {
  test('is closed at every level, and helm refuses a value by each of its rules', async (context) => {
    const { chart } = toolsOf(context);
    const { $schema: _draft, $defs: _definitions, ...schema } = valuesSchema;
    const { config: _config, ...properties } = schema.properties ?? {};
    const faults = faultsOf(valuesSchema, { ...schema, properties }, []).filter(({ path }) => path.length > 0);
    const runs = faultyValues(faults).map(async (run) => {
      const lines = (await chart.refusal('minimal', { values: run.values })).split('\n');
      const isSaid = (parts: readonly string[]) => lines.some((line) => parts.every((part) => line.includes(part)));
      return run.faults.map(({ says }) => says).filter((parts) => !isSaid(parts));
    });
    expect((await Promise.all(runs)).flat()).toEqual([]);
    expect(faults.length).toBeGreaterThan(200);
  });

  test('holds the one of gateway.yaml; `npm run config:schema` writes it', () => {
    expect(valuesSchema).toEqual(chartValuesSchema(valuesSchema, catalogFileJsonSchema()));
  });

  test('closes gateway.yaml too', async (context) => {
    const { chart } = toolsOf(context);
    const refusal = await chart.refusal('models', {
      values: { config: { provider: {}, models: { a: { modell: 'b' } } } },
    });
    expect(refusal).toContain("at '/config': additional properties 'provider' not allowed");
    expect(refusal).toContain("at '/config/models/a': additional properties 'modell' not allowed");
  });
});
