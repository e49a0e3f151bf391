import type { Transitions } from '@ccg/batches';
import type { LimitRule } from '@ccg/kernel';
import type { Actor, Result, TenancyDependencies } from '@ccg/tenancy';
import { z } from 'zod';
import type { LoadDirectory } from './apply-file.ts';
import type { IdempotencySpace } from './idempotency.ts';
import type { UsageViews } from './usage-views.ts';

/** What every operation may use. */
export interface AdminDependencies {
  readonly tenancy: TenancyDependencies;
  readonly loadDirectory: LoadDirectory;
  /** Of tenants that have none of their own. */
  readonly defaultLimits: readonly LimitRule[];
  /** Whom a developer asks who is stopped by a limit of a tenant that names nobody. */
  readonly supportContact: string;
  readonly usage: UsageViews;
  readonly batches: Pick<Transitions, 'cancel' | 'touch'>;
  /** Whose tokens are taken, and for which tenants. */
  readonly issuers: readonly { readonly issuer: string; readonly tenants: readonly string[] }[];
}

/** `{tenant}` in a path becomes a text of that name. */
type ParamsOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? { readonly [Key in Name]: string } & ParamsOf<Rest>
  : unknown;

interface Call<Path extends string, Query, Body> {
  readonly actor: Actor;
  readonly params: ParamsOf<Path>;
  readonly query: Query;
  readonly body: Body;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface OperationFacts<Path extends string> {
  /** The label in metrics and logs, and the `operationId`. */
  readonly name: `admin.${string}`;
  readonly method: Method;
  /** Below `/admin/v1`, with `{name}` where a text of the caller's stands. */
  readonly path: Path;
  /** A sentence for the reference. */
  readonly summary: string;
  /** Who may, for the reference: the verbs are what checks it. */
  readonly scope: string;
  readonly status: 200 | 201;
  readonly answer: z.ZodType;
  /** Of a page whose list can be exported as JSON lines: what a line is. */
  readonly lines?: z.ZodType;
  /** Where it can be exported as CSV, too: the fields of an item that are columns. */
  readonly csv?: readonly string[];
  /** Of what creates something: where a request with an `Idempotency-Key` is recorded. */
  readonly idempotency?: IdempotencySpace;
}

interface RawInput {
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
}

export interface Ready {
  readonly kind: 'ready';
  run(actor: Actor, deps: AdminDependencies): Promise<Result<unknown>>;
}

/** An input that was read, or all that is wrong with it. */
type Prepared = Ready | { readonly kind: 'faulty'; readonly issues: readonly z.core.$ZodIssue[] };

/** One operation of the API. The router, the check of inputs and the OpenAPI document are all made of it. */
export interface Operation extends OperationFacts<string> {
  readonly query: z.ZodObject;
  readonly body: z.ZodType | undefined;
  prepare(input: RawInput): Prepared;
}

interface Declaration<
  Path extends string,
  Query extends z.ZodObject,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> extends OperationFacts<Path> {
  readonly query?: Query;
  readonly body?: Body;
  readonly answer: Answer;
  handle(
    call: Call<Path, z.output<Query>, z.output<Body>>,
    deps: AdminDependencies,
  ): Promise<Result<Immutable<z.input<Answer>>>>;
}

type Immutable<Value> = Value extends object ? { readonly [Key in keyof Value]: Immutable<Value[Key]> } : Value;

const nothing = z.strictObject({});

/** Declares an operation. What is not declared, in the query or in the body, is refused. */
export function operation<
  const Path extends string,
  Answer extends z.ZodType,
  Query extends z.ZodObject = typeof nothing,
  Body extends z.ZodType = typeof nothing,
>(declaration: Declaration<Path, Query, Body, Answer>): Operation {
  const { handle, query, body, ...facts } = declaration;
  return {
    ...facts,
    query: query ?? nothing,
    body,
    prepare(input) {
      const readQuery = (query ?? nothing).safeParse(input.query, { error: describeIssue });
      const readBody = (body ?? nothing).safeParse(input.body, { error: describeIssue });
      if (!readQuery.success || !readBody.success) {
        const issues = [...(readQuery.error?.issues ?? []), ...(readBody.error?.issues ?? [])];
        return { kind: 'faulty', issues };
      }
      const { params } = input;
      const read = { params, query: readQuery.data, body: readBody.data };
      return {
        kind: 'ready',
        // The path that named the params, and the schemas that were left out, are the declaration's own.
        run: (actor, deps) => handle({ ...read, actor } as Call<Path, z.output<Query>, z.output<Body>>, deps),
      };
    },
  };
}

/** Of a fault that no schema has a sentence for. */
function describeIssue(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return 'is required';
  if (issue.code === 'invalid_type') return `must be ${nounOf[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  return undefined;
}

const nounOf: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};
