import type { JsonValue } from '@ccg/wire';
import { decodeByteString, encodeText, RawJson, writeJson } from '@ccg/wire';
import { listOf } from '../../json-fields.ts';
import { merge, resolve } from './plain-schema.ts';
import { isSchema, mapSubschemas } from './subschemas.ts';
import type { Schema } from './subschemas.ts';

/** The keywords of a schema in OpenAPI 3.0, as far as Google's services take them, but for those that hold schemas. */
const kept: readonly string[] = [
  'type',
  'format',
  'title',
  'description',
  'nullable',
  'enum',
  'minItems',
  'maxItems',
  'required',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'pattern',
  'propertyOrdering',
];

const formats: ReadonlySet<unknown> = new Set(['enum', 'date-time', 'int32', 'int64', 'float', 'double']);

/** References may multiply what they refer to. Beyond these bounds a schema allows anything. */
const depthMax = 12;
const schemasMax = 5000;

/**
 * A JSON schema in the form of OpenAPI 3.0, for servers that take no other. It allows at least what the schema allowed:
 * references are followed, `null` becomes `nullable`, and keywords that OpenAPI does not have are left out.
 */
export function openApiSchema(schema: RawJson): RawJson {
  const root: unknown = JSON.parse(decodeByteString(writeJson(schema)));
  const json = encodeText(JSON.stringify(isSchema(root) ? convertRoot(root) : { type: 'object' }));
  return new RawJson(json, 0, json.length);
}

function convertRoot(root: Schema): Schema {
  let count = 0;

  function convert(given: Schema, depth: number): Schema {
    count += 1;
    if (depth > depthMax || count > schemasMax) return definedOf({ description: given['description'] });
    const schema = withAll(resolve(given, root), root);
    const { anyOf, oneOf, properties, items } = schema;
    const choices = [...listOf(anyOf), ...listOf(oneOf)].filter(isSchema);
    const others = choices.filter((choice) => choice['type'] !== 'null');
    const [only, second] = others;
    const below = (value: unknown) => (isSchema(value) ? convert(value, depth + 1) : {});
    const nullable = choices.length > others.length || typesOf(schema).includes('null') ? true : undefined;
    const own: Schema = { ...typed(schema), ...definedOf({ nullable }) };
    if (only !== undefined && second === undefined) return { ...below(only), ...own };
    const members = isSchema(properties)
      ? Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, below(value)]))
      : undefined;
    return {
      ...own,
      ...definedOf({ anyOf: others.length > 1 ? others.map(below) : undefined, properties: members }),
      ...requiredOf(schema, members),
      // An array without items is refused.
      ...(own['type'] === 'array' ? { items: isSchema(items) ? below(items) : { type: 'string' } } : {}),
    };
  }

  return { type: 'object', ...convert(root, 0) };
}

/** The schema with all parts of `allOf` in it. */
function withAll(schema: Schema, root: Schema): Schema {
  const parts = listOf(schema['allOf']).map((part) => resolve(part, root));
  if (parts.length === 0) return schema;
  const whole = [...parts, schema];
  const properties = merge(whole.map((part) => part['properties']).filter(isSchema));
  const required = [...new Set(whole.flatMap((part) => listOf(part['required'])))];
  return { ...merge(whole), properties, required };
}

function typesOf({ type }: Schema): readonly unknown[] {
  return Array.isArray(type) ? type : [type];
}

/** The keywords that hold no schemas. */
function typed(schema: Schema): Schema {
  const { format, const: value, enum: values } = schema;
  const types = typesOf(schema).filter((type) => type !== 'null');
  const known = Object.fromEntries(Object.entries(schema).filter(([keyword]) => kept.includes(keyword)));
  const { enum: _, required: __, type: ___, format: ____, ...rest } = known;
  const allowed = value === undefined ? listOf(values) : [value];
  const texts = allowed.filter((one) => typeof one === 'string');
  // Only texts can be listed. Other values are described by their type alone.
  const areTexts = texts.length > 0 && allowed.every((one) => typeof one === 'string' || one === null);
  return {
    ...definedOf({ type: types.length === 1 ? types[0] : undefined, enum: areTexts ? texts : undefined }),
    ...rest,
    ...(formats.has(format) ? { format } : {}),
  };
}

function requiredOf({ required }: Schema, members: Schema | undefined): Schema {
  const names = listOf(required).filter((name) => typeof name === 'string' && members?.[name] !== undefined);
  return names.length === 0 ? {} : { required: names };
}

/** A schema of an answer with `enum` in the place of `const`, which Google's services do not know there. */
export function constAsEnum(schema: JsonValue): JsonValue {
  const text = writeJson(schema);
  if (!text.includes('"const"')) return schema;
  const root: unknown = JSON.parse(decodeByteString(text));
  if (!isSchema(root)) return schema;
  const json = encodeText(JSON.stringify(withEnum(root)));
  return new RawJson(json, 0, json.length);
}

function withEnum(schema: Schema): Schema {
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) =>
      keyword === 'const' ? ['enum', [value]] : [keyword, mapSubschemas(keyword, value, withEnum)],
    ),
  );
}

function definedOf(members: Schema): Schema {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
