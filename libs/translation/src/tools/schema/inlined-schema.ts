import { decodeByteString, encodeText, RawJson, writeJson } from '@ccg/wire';
import { listOf } from '../../json-fields.ts';
import { merge } from './plain-schema.ts';
import { isSchema, mapSubschemas } from './subschemas.ts';
import type { Schema } from './subschemas.ts';

/** What is rewritten. A schema without any of it is not parsed. */
const suspect = /"(?:\$ref|const|oneOf|allOf)"/u;

/** References may multiply what they refer to. Beyond these bounds a schema allows anything. */
const depthMax = 12;
const schemasMax = 2000;

/**
 * A schema for servers that drop references, `const`, `oneOf` and `allOf` without a word: references are followed, `const`
 * becomes a list of one value, `oneOf` becomes `anyOf`, and the parts of `allOf` are joined. It allows at least what the
 * schema allowed. The same schema if it has none of them.
 */
export function inlinedSchema(schema: RawJson): RawJson {
  const text = writeJson(schema);
  if (!suspect.test(text)) return schema;
  const root: unknown = JSON.parse(decodeByteString(text));
  if (!isSchema(root)) return schema;
  const json = encodeText(JSON.stringify(inlineRoot(root)));
  return new RawJson(json, 0, json.length);
}

function inlineRoot(root: Schema): Schema {
  let count = 0;

  function inline(given: Schema, above: readonly string[]): Schema {
    count += 1;
    const { schema, followed } = follow(given, root, above);
    const isRecursive = schema['$ref'] !== undefined;
    if (isRecursive || above.length > depthMax || count > schemasMax) return opaque(schema);
    // Every level counts, also one without a reference.
    const below = [...above, ...(followed.length === 0 ? [''] : followed)];
    const { allOf, oneOf, const: value, $defs: _, definitions: __, ...rest } = schema;
    const inlined = Object.entries(rest).map(([keyword, member]) => [
      keyword,
      mapSubschemas(keyword, member, (inner) => inline(inner, below)),
    ]);
    const own: Schema = {
      ...Object.fromEntries(inlined),
      ...(value === undefined ? {} : { enum: [value] }),
      ...(oneOf === undefined || rest['anyOf'] !== undefined
        ? {}
        : { anyOf: mapSubschemas('oneOf', oneOf, (inner) => inline(inner, below)) }),
    };
    return joined(
      listOf(allOf)
        .filter(isSchema)
        .map((part) => inline(part, below)),
      own,
    );
  }

  return inline(root, []);
}

/** A schema of which only its kind is told. */
function opaque({ type, description, properties }: Schema): Schema {
  return {
    ...(type === undefined && properties === undefined ? {} : { type: type ?? 'object' }),
    ...(description === undefined ? {} : { description }),
  };
}

/** The schema with what its references refer to. One that leads back to a schema around it is left open. */
function follow(given: Schema, root: Schema, above: readonly string[]): { schema: Schema; followed: string[] } {
  let schema = given;
  const followed: string[] = [];
  for (let ref = schema['$ref']; typeof ref === 'string'; ref = schema['$ref']) {
    const { $ref: _, ...own } = schema;
    const target = atPointer(ref, root);
    if (target === undefined) return { schema: own, followed };
    if (above.includes(ref) || followed.includes(ref)) return { schema: { ...target, ...own, $ref: ref }, followed };
    followed.push(ref);
    schema = { ...target, ...own };
  }
  return { schema, followed };
}

/** What a reference into the same schema refers to. */
function atPointer(ref: string, root: Schema): Schema | undefined {
  if (!ref.startsWith('#')) return undefined;
  const names = decodePointer(ref.slice(1)).split('/').slice(1);
  let found: unknown = root;
  for (const name of names) {
    const member = name.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(found)) found = found[Number(member)];
    else if (isSchema(found) && Object.hasOwn(found, member)) found = found[member];
    else return undefined;
  }
  return isSchema(found) ? found : undefined;
}

function decodePointer(pointer: string): string {
  try {
    return decodeURIComponent(pointer);
  } catch {
    return pointer;
  }
}

/** One schema that says what all of its parts say. */
function joined(parts: readonly Schema[], own: Schema): Schema {
  if (parts.length === 0) return own;
  const whole = [...parts, own];
  const properties = whole.map((part) => part['properties']).filter(isSchema);
  const required = [...new Set(whole.flatMap((part) => listOf(part['required'])))];
  return {
    ...merge(whole),
    ...(properties.length === 0 ? {} : { properties: merge(properties) }),
    ...(required.length === 0 ? {} : { required }),
  };
}
