import { z } from 'zod';

const anySchema = z.record(z.string(), z.unknown());
const provider = z.looseObject({ properties: z.looseObject({ credential: anySchema }) });
const providers = z.looseObject({ additionalProperties: z.looseObject({ oneOf: z.array(provider) }) });
const catalogSchema = z.looseObject({ properties: z.looseObject({ providers }) });
const chartSchema = z.looseObject({ properties: anySchema });

/**
 * The schema of the chart's values with the one of `gateway.yaml` as that of `config`, where `version` may be left out. A
 * credential that is a text passes it: a template refuses that, and says where it belongs.
 */
export function chartValuesSchema(chart: unknown, catalog: unknown): unknown {
  const { properties, ...values } = chartSchema.parse(chart);
  const { $schema: _draft, required: _version, ...config } = catalogSchema.parse(catalog);
  const { providers: named, ...others } = config.properties;
  const { oneOf, ...rest } = named.additionalProperties;
  const taken = { ...named, additionalProperties: { oneOf: oneOf.map(withTextCredential), ...rest } };
  return {
    properties: { ...properties, config: { ...config, properties: { providers: taken, ...others } } },
    ...values,
  };
}

function withTextCredential({ properties, ...schema }: z.infer<typeof provider>) {
  return {
    ...schema,
    properties: { ...properties, credential: { anyOf: [{ type: 'string' }, properties.credential] } },
  };
}
