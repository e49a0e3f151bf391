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

/** Whether schemas may stand below a keyword. */
export function holdsSchemas(keyword: string): boolean {
  return named.has(keyword) || direct.has(keyword);
}

/** The value of a keyword with each schema in it mapped. Values that are data, or that no map changes, stay as they are. */
export function mapSubschemas(keyword: string, value: unknown, map: (schema: Schema) => unknown): unknown {
  const mapAny = (inner: unknown): unknown => (isSchema(inner) ? map(inner) : inner);
  if (named.has(keyword)) {
    if (!isSchema(value)) return value;
    return mapMembers(value, mapAny);
  }
  if (!direct.has(keyword)) return value;
  return Array.isArray(value) ? value.map(mapAny) : mapAny(value);
}

/** The same object if no member changes, else one copy: a schema may have thousands of members. */
function mapMembers(object: Schema, map: (member: unknown) => unknown): Schema {
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(object)) {
    const member = object[name];
    const mapped = map(member);
    if (mapped === member) continue;
    copy ??= { ...object };
    copy[name] = mapped;
  }
  return copy ?? object;
}
