import type { Values } from './chart.ts';

/** The part of JSON Schema that the chart's own rules are written in. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface RootSchema extends Schema {
  readonly $schema: string;
  readonly $defs: Readonly<Record<string, Schema>>;
}

/** A value that one rule refuses, where it stands, and the parts of the line in which helm says so. */
export interface Fault {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly says: readonly string[];
}

const keywords = new Set(
  '$ref type properties additionalProperties required items enum pattern minLength minimum maximum'.split(' '),
);

/** The schema that a reference means. */
export function resolveSchema(root: RootSchema, schema: Schema): Schema {
  const name = schema.$ref?.replace('#/$defs/', '');
  if (name === undefined) return schema;
  const found = root.$defs[name];
  if (found === undefined) throw new Error(`The schema has no ${name}.`);
  return found;
}

/** One fault for each rule of a schema and of all below it. Throws for an object that is not closed. */
export function faultsOf(root: RootSchema, reference: Schema, path: readonly string[]): readonly Fault[] {
  const schema = resolveSchema(root, reference);
  const unknown = Object.keys(schema).find((keyword) => !keywords.has(keyword));
  if (unknown !== undefined) throw new Error(`No fault is known for "${unknown}" at ${path.join('.')}.`);
  const { properties = {}, additionalProperties, items } = schema;
  if (schema.type === 'object' && (additionalProperties === undefined || additionalProperties === true)) {
    throw new Error(`${path.join('.')} is not closed.`);
  }
  const below = (name: string, child: Schema): readonly Fault[] => faultsOf(root, child, [...path, name]);
  return [
    ...ownFaults(schema, path),
    ...Object.entries(properties).flatMap(([name, child]) => below(name, child)),
    ...(typeof additionalProperties === 'object' ? below('any', additionalProperties) : []),
    ...(items === undefined ? [] : below('0', items)),
  ];
}

function ownFaults(schema: Schema, path: readonly string[]): readonly Fault[] {
  const place = `at '${path.map((step) => `/${step}`).join('')}'`;
  const { type, pattern, minimum, maximum, minLength, required = [], additionalProperties } = schema;
  const faults: Fault[] = required.map((name) => ({
    // What has a default is missing where it is null.
    ...(hasDefaults(path) ? { path: [...path, name], value: null } : { path, value: {} }),
    says: [`${place}: missing propert`, `'${name}'`],
  }));
  const refuse = (value: unknown, words: string): void =>
    void faults.push({ path, value, says: [`${place}: ${words}`] });
  if (type !== undefined) {
    const isText = [type].flat().includes('string');
    refuse(isText ? true : 'text', `got ${isText ? 'boolean' : 'string'}, want`);
  }
  if (schema.enum !== undefined) refuse('no such value', 'value must be one of');
  if (pattern !== undefined) {
    const value = unlike(pattern);
    refuse(value, `'${value}' does not match pattern`);
  }
  if (minimum !== undefined) refuse(minimum - 1, 'minimum: got');
  if (maximum !== undefined) refuse(maximum + 1, 'maximum: got');
  if (minLength !== undefined) refuse('', 'minLength: got 0');
  if (additionalProperties === false) {
    const says = `${place}: additional properties 'misspelt' not allowed`;
    faults.push({ path: [...path, 'misspelt'], value: 1, says: [says] });
  }
  return faults;
}

const hasDefaults = (path: readonly string[]): boolean => !path.some((step) => step === '0' || step === 'any');

function unlike(pattern: string): string {
  const found = ['{}', 'a b', ''].find((text) => !new RegExp(pattern, 'u').test(text));
  if (found === undefined) throw new Error(`No text is known that is not like ${pattern}.`);
  return found;
}

/** Values with many faults each: helm names all that a schema refuses, so few runs show every rule. */
export function faultyValues(faults: readonly Fault[]): readonly { values: Values; faults: readonly Fault[] }[] {
  const rounds: Fault[][] = [];
  for (const fault of faults) {
    const round = rounds.find((others) => others.every((other) => isApart(fault.path, other.path)));
    if (round === undefined) rounds.push([fault]);
    else round.push(fault);
  }
  return rounds.map((round) => ({ faults: round, values: valuesWith(round) }));
}

/** Neither place is within the other. */
function isApart(one: readonly string[], other: readonly string[]): boolean {
  return one.slice(0, other.length).some((step, index) => step !== other[index]);
}

function valuesWith(faults: readonly Fault[]): Values {
  const root = new Map<string, unknown>();
  for (const { path, value } of faults) {
    let node = root;
    for (const step of path.slice(0, -1)) {
      const next = node.get(step);
      const child = next instanceof Map ? (next as Map<string, unknown>) : new Map<string, unknown>();
      node.set(step, child);
      node = child;
    }
    node.set(path.at(-1) ?? '', value);
  }
  return plain(root) as Values;
}

/** The only member of a list has the name 0. */
function plain(node: unknown): unknown {
  if (!(node instanceof Map)) return node;
  const members = [...(node as Map<string, unknown>)].map(([name, value]) => [name, plain(value)] as const);
  return node.has('0') ? members.map(([, value]) => value) : Object.fromEntries(members);
}
