import { readFileSync } from 'node:fs';

import { chartFolder } from './chart.ts';
import type { RootSchema, Schema } from './schema-rules.ts';
import { resolveSchema } from './schema-rules.ts';

/** The schema of the chart's values. */
export const valuesSchema = JSON.parse(readFileSync(`${chartFolder}values.schema.json`, 'utf8')) as RootSchema;

/** The schema of the values at a path such as `gateway.variables`. */
export function schemaAt(path: string): Schema {
  return path.split('.').reduce<Schema>((schema, name) => {
    const found = schema.properties?.[name];
    if (found === undefined) throw new Error(`The schema has no ${path}.`);
    return resolveSchema(valuesSchema, found);
  }, valuesSchema);
}
