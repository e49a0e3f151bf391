import { decodeByteString, encodeText, readTopLevel, stringToBytes } from '@ccg/wire';
import { listOf } from '../../json-fields.ts';
import { holdsSchemas, isSchema, mapSubschemas } from './subschemas.ts';
import type { Schema } from './subschemas.ts';

/** A schema that was rewritten. */
export interface RewrittenSchema {
  /** A byte string. */
  readonly json: string;
  /** Whether it allows values that the client's schema does not. */
  readonly isLooser: boolean;
}

/** What may need rewriting below the root. A schema without any of it is not parsed. */
const suspect = /"(?:array|propertyNames|allOf)"|\(\?<?[=!]|\\p\{/iu;
const rootKeywords = ['oneOf', 'anyOf', 'allOf', 'enum', 'const', 'not', '$ref'] as const;

/**
 * Rewrites what OpenAI rejects in the parameters of a function: alternatives at the root, arrays without `items`,
 * patterns with lookaround, and keywords without effect. Undefined if there is none. `json` is a byte string.
 */
export function plainSchema(json: string): RewrittenSchema | undefined {
  const keys = readTopLevel(stringToBytes(json)).entries.map((entry) => entry.key);
  if (!rootKeywords.some((keyword) => keys.includes(keyword)) && !suspect.test(json)) return undefined;
  const schema: unknown = JSON.parse(decodeByteString(json));
  if (!isSchema(schema)) return undefined;
  const found: Found = { changed: false, isLooser: false };
  const rewritten = rewrite(flattenRoot(schema, found), found);
  return found.changed ? { json: encodeText(JSON.stringify(rewritten)), isLooser: found.isLooser } : undefined;
}

interface Found {
  changed: boolean;
  isLooser: boolean;
}

/** The properties of all alternatives. Required is what the root and each part of an `allOf` require. */
function flattenRoot(schema: Schema, found: Found): Schema {
  if (!rootKeywords.some((keyword) => schema[keyword] !== undefined)) return schema;
  found.changed = true;
  const { enum: values, const: value, not } = schema;
  const choices = [schema['anyOf'], schema['oneOf']].flatMap(listOf).map((choice) => resolve(choice, schema));
  if (choices.length > 0 || values !== undefined || value !== undefined || not !== undefined) found.isLooser = true;
  const whole = [...parts(schema), schema];
  const required = new Set(whole.flatMap((part) => listOf(part['required'])));
  const rest = Object.entries(merge(whole)).filter(([name]) => !rootKeywords.some((keyword) => keyword === name));
  return {
    ...Object.fromEntries(rest),
    type: 'object',
    properties: merge([...choices, ...whole].map((part) => part['properties']).filter(isSchema)),
    ...(required.size === 0 ? {} : { required: [...required] }),
  };
}

/** The schemas that apply together with the root: its reference, and the parts of `allOf`. */
function parts(schema: Schema): Schema[] {
  const own = schema['$ref'] === undefined ? [] : [resolve({ $ref: schema['$ref'] }, schema)];
  return [...own, ...listOf(schema['allOf']).map((part) => resolve(part, schema))];
}

/** Follows one reference into the definitions of the root. */
export function resolve(part: unknown, root: Schema): Schema {
  if (!isSchema(part)) return {};
  const [, place = '', name = ''] = /^#\/(\$defs|definitions)\/([^/]+)$/u.exec(String(part['$ref'])) ?? [];
  const definitions = root[place];
  const found = isSchema(definitions) ? definitions[name] : undefined;
  return isSchema(found) ? found : part;
}

export function merge(schemas: readonly Schema[]): Schema {
  return Object.fromEntries(schemas.flatMap((schema) => Object.entries(schema)));
}

/** The same schema if nothing of it is rewritten. */
function rewrite(schema: Schema, found: Found): Schema {
  const keywords = Object.keys(schema);
  const needsItems = isList(schema) && schema['items'] === undefined;
  if (!needsItems && keywords.every((keyword) => !mayChange(keyword))) return schema;
  const entries = keywords.flatMap((keyword) => rewriteKeyword(keyword, schema[keyword], found));
  if (needsItems) {
    found.changed = true;
    entries.push(['items', {}]);
  }
  const isSame = entries.length === keywords.length && entries.every(([keyword, value]) => schema[keyword] === value);
  return isSame ? schema : Object.fromEntries(entries);
}

function mayChange(keyword: string): boolean {
  return keyword === 'propertyNames' || keyword === 'pattern' || holdsSchemas(keyword);
}

function rewriteKeyword(keyword: string, value: unknown, found: Found): [string, unknown][] {
  switch (keyword) {
    case 'allOf': {
      const [only, second] = listOf(value);
      if (!isSchema(only) || second !== undefined || only['$ref'] === undefined) break;
      found.changed = true;
      return [['$ref', only['$ref']]];
    }
    case 'propertyNames':
      // Member names are always strings.
      if (!isSchema(value) || value['type'] !== 'string' || Object.keys(value).length > 1) break;
      found.changed = true;
      return [];
    case 'pattern':
      if (typeof value !== 'string' || !/\(\?<?[=!]|\\p\{/iu.test(value)) break;
      found.changed = true;
      found.isLooser = true;
      return [];
  }
  return [[keyword, mapSubschemas(keyword, value, (schema) => rewrite(schema, found))]];
}

function isList({ type }: Schema): boolean {
  return type === 'array' || (Array.isArray(type) && type.includes('array'));
}
