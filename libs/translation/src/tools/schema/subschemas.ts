/** A schema that was parsed. */
export type Schema = Readonly<Record<string, unknown>>;

export function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Keywords whose members are schemas; the names of the members are data. */
const named: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
]);

/** Keywords that hold a schema, or a list of them. */
const direct: ReadonlySet<string> = new Set([
  'items',
  'additionalProperties',
  'contains',
  'not',
  'anyOf',
  'oneOf',
  'allOf',
  'prefixItems',
  'if',
  'then',
  'else',
]);

/** The value of a keyword with each schema in it mapped. Values that are data stay as they are. */
export function mapSubschemas(keyword: string, value: unknown, map: (schema: Schema) => unknown): unknown {
  const mapAny = (inner: unknown): unknown => (isSchema(inner) ? map(inner) : inner);
  if (named.has(keyword)) {
    if (!isSchema(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, mapAny(schema)]));
  }
  if (!direct.has(keyword)) return value;
  return Array.isArray(value) ? value.map(mapAny) : mapAny(value);
}
