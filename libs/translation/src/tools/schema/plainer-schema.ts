import { decodeByteString, encodeText, RawJson, writeJson } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import type { RejectedSchemas } from '../../failure/rejections.ts';
import { listOf } from '../../json-fields.ts';
import { merge, plainSchema, resolve } from './plain-schema.ts';
import { isSchema, mapSubschemas } from './subschemas.ts';
import type { Schema } from './subschemas.ts';

/** Without these a schema says too little to call a tool by. */
const indispensable: ReadonlySet<string> = new Set([
  'type',
  'properties',
  'items',
  'required',
  'description',
  '$ref',
  '$defs',
  'definitions',
]);

/** Whether schemas can be sent without a keyword. */
export function isRejectedKeyword(keyword: string): boolean {
  return /^[$\w-]+$/u.test(keyword) && !indispensable.has(keyword);
}

/** Keywords that narrow values. Servers compile them into grammars, and many cannot. */
const constraints: ReadonlySet<string> = new Set([
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minItems',
  'maxItems',
  'uniqueItems',
  'contains',
  'minContains',
  'maxContains',
  'minProperties',
  'maxProperties',
  'propertyNames',
  'patternProperties',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
  'unevaluatedItems',
  'unevaluatedProperties',
  'if',
  'then',
  'else',
  'not',
  'contentEncoding',
  'contentMediaType',
  'contentSchema',
]);

/** It allows at least what the schema allowed before. `json` is a byte string. */
function plainerSchema(json: string, { keywords, level }: RejectedSchemas): string | undefined {
  const schema: unknown = JSON.parse(decodeByteString(json));
  if (!isSchema(schema)) return undefined;
  const isLeftOut = (keyword: string) => keywords.has(keyword) || (level !== 'as sent' && constraints.has(keyword));
  const loosened = withoutKeywords(schema, isLeftOut);
  const plainest = level === 'all but the plainest' ? plainestOf(loosened) : loosened;
  const written = encodeText(JSON.stringify(plainest));
  const plain = level === 'as sent' ? written : (plainSchema(written)?.json ?? written);
  return plain === encodeText(JSON.stringify(schema)) ? undefined : plain;
}

/** Told where a schema was changed. */
export const plainerSchemaText = 'The schema was simplified: this provider rejects some of its keywords.';

/** A schema as plain as its server was found to need it; undefined if it is so already. */
export function simplified(schema: JsonValue | undefined, rejected: RejectedSchemas): RawJson | undefined {
  if (schema === undefined || (rejected.keywords.size === 0 && rejected.level === 'as sent')) return undefined;
  const json = plainerSchema(writeJson(schema), rejected);
  return json === undefined ? undefined : new RawJson(json, 0, json.length);
}

function withoutKeywords(schema: Schema, isLeftOut: (keyword: string) => boolean): Schema {
  const kept = Object.entries(schema).filter(([keyword]) => !isLeftOut(keyword));
  return Object.fromEntries(
    kept.map(([keyword, value]) => [
      keyword,
      mapSubschemas(keyword, value, (inner) => withoutKeywords(inner, isLeftOut)),
    ]),
  );
}

/** References may multiply what they refer to. Beyond these bounds a schema allows anything. */
const depthMax = 12;
const schemasMax = 5000;

function plainestOf(root: Schema): Schema {
  let count = 0;

  function plainest(given: Schema, depth: number): Schema {
    count += 1;
    if (depth > depthMax || count > schemasMax) return {};
    const schema = only(resolve(given, root), root);
    const { description, required, enum: values } = schema;
    const properties = isSchema(schema['properties']) ? schema['properties'] : undefined;
    const members = Object.entries(properties ?? {}).map(([name, value]) => [name, below(value, depth)]);
    const names = listOf(required).filter((name) => typeof name === 'string' && properties?.[name] !== undefined);
    return {
      ...definedOf({ type: typeOf(schema), description: description ?? given['description'] }),
      ...(properties === undefined ? {} : { properties: Object.fromEntries(members) }),
      ...(names.length === 0 ? {} : { required: names }),
      ...(isSchema(schema['items']) ? { items: below(schema['items'], depth) } : {}),
      ...(isTexts(values) ? { enum: values } : {}),
    };
  }

  const below = (value: unknown, depth: number) => (isSchema(value) ? plainest(value, depth + 1) : {});
  return plainest(root, 0);
}

/** The one alternative beside `null`. Where there are more, none of them counts: each alone would allow too little. */
function only(schema: Schema, root: Schema): Schema {
  const { anyOf, oneOf, allOf, ...rest } = schema;
  const choices = [...listOf(anyOf), ...listOf(oneOf)].filter(
    (choice) => !isSchema(choice) || choice['type'] !== 'null',
  );
  const [choice, another] = choices;
  const chosen = another === undefined && isSchema(choice) ? resolve(choice, root) : {};
  const parts = listOf(allOf).map((part) => (isSchema(part) ? resolve(part, root) : {}));
  const properties = [...parts, chosen, rest].map((part) => part['properties']).filter(isSchema);
  return {
    ...merge(parts),
    ...chosen,
    ...rest,
    ...(properties.length === 0 ? {} : { properties: merge(properties) }),
  };
}

/** The one type beside `null`. */
function typeOf({ type }: Schema): unknown {
  if (typeof type === 'string') return type;
  const [first, second] = listOf(type).filter((one) => one !== 'null');
  return second === undefined ? first : undefined;
}

function isTexts(values: unknown): boolean {
  return Array.isArray(values) && values.length > 0 && values.every((value) => typeof value === 'string');
}

function definedOf(members: Schema): Schema {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
