import { readBody, sendJson } from '@ccg/edge';
import type { BodyLimit, Endpoint, Exchange, Target } from '@ccg/edge';
import { assertNever, GatewayError } from '@ccg/kernel';
import type { Principal, Result } from '@ccg/tenancy';
import { exportLines, lineFormOf } from './export-lines.ts';
import type { ExportDependencies } from './export-lines.ts';
import { idempotencyHeader, readIdempotencyKey, runOnce } from './idempotency.ts';
import type { AdminDependencies, Operation, Ready } from './operation.ts';
import { invalidFields, issuesOf, refusalError } from './problem.ts';

/** How a request ended. */
export type AdminResult = { readonly kind: 'answered' } | { readonly kind: 'failed'; readonly thrown: unknown };

export interface ServeDependencies extends AdminDependencies, ExportDependencies {}

export type AdminEndpoint = Endpoint<Target, AdminResult, Principal>;

export const basePath = '/admin/v1';

/** Makes an operation an endpoint of an app. */
export function endpointOf(operation: Operation, deps: ServeDependencies): AdminEndpoint {
  const { name, path, method } = operation;
  return {
    name,
    path: basePath + path.replaceAll(/\{(\w+)\}/gu, ':$1'),
    methods: method === 'GET' ? ['GET', 'HEAD'] : [method],
    access: 'principal',
    // The verbs judge who may do what, and put what they deny into the audit log.
    scope: undefined,
    handle: (exchange, principal) => serve(exchange, principal, operation, deps),
  };
}

async function serve(
  exchange: Exchange<Target>,
  principal: Principal,
  operation: Operation,
  deps: ServeDependencies,
): Promise<AdminResult> {
  const body = await readJson(exchange, operation);
  const params = paramsIn(operation.path, exchange.target.path.slice(basePath.length));
  const query = queryOf(exchange.target.query);
  const actor = { principal, requestId: exchange.requestId };
  const prepare = (changes: Readonly<Record<string, string>>): Ready => {
    const prepared = operation.prepare({ params, query: { ...query, ...changes }, body });
    if (prepared.kind === 'faulty') throw invalidFields(issuesOf(prepared.issues));
    return prepared;
  };
  const lineForm = lineFormOf(exchange, operation);
  if (lineForm !== undefined) {
    await exportLines(exchange, lineForm, async (changes) => valueOf(await prepare(changes).run(actor, deps)), deps);
    return { kind: 'answered' };
  }
  const ready = prepare({});
  const { request, target, response } = exchange;
  const { idempotency: space, method } = operation;
  const key = space === undefined ? undefined : readIdempotencyKey(request.headers[idempotencyHeader]);
  if (space === undefined || key === undefined) {
    answer(exchange, operation.status, valueOf(await ready.run(actor, deps)));
    return { kind: 'answered' };
  }
  const keyed = { key, space, method, path: target.path, tenant: params['tenant'], body };
  const { result, isRepeated } = await runOnce(deps.tenancy.store, actor, keyed, (claiming) =>
    ready.run(claiming, deps),
  );
  const value = valueOf(result);
  if (isRepeated) response.setHeader('idempotency-replayed', 'true');
  answer(exchange, operation.status, value);
  return { kind: 'answered' };
}

function valueOf(result: Result<unknown>): unknown {
  switch (result.kind) {
    case 'done':
      return result.value;
    case 'refused':
      throw refusalError(result.refusal);
    default:
      return assertNever(result);
  }
}

function answer(exchange: Exchange<Target>, status: number, document: unknown): void {
  const { response } = exchange;
  response.statusCode = status;
  response.setHeader('cache-control', 'no-store');
  sendJson(exchange, document);
}

const bodyLimit: BodyLimit = {
  maxBytes: 1024 * 1024,
  tooLarge: 'The body is larger than 1 MB, or would be after decoding. Send a smaller one.',
};

/** A request without a body is one with an empty object, where nothing is required. */
async function readJson({ request, response }: Exchange<Target>, { method }: Operation): Promise<unknown> {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && length === '0') return {};
  if (method === 'GET') {
    throw new GatewayError('request-invalid', 'A request to read has no body here. Send it without one.');
  }
  const takeBody = await readBody(request, response, { limit: bodyLimit });
  try {
    return JSON.parse(new TextDecoder().decode(takeBody()));
  } catch {
    throw new GatewayError('request-invalid', 'The body is not valid JSON. Correct it, and send the request again.');
  }
}

/** A parameter that is given more than once is a list, which no schema takes. */
function queryOf(query: string): Readonly<Record<string, string | readonly string[]>> {
  const params = new URLSearchParams(query);
  return Object.fromEntries(
    [...new Set(params.keys())].map((name) => {
      const [first = '', ...others] = params.getAll(name);
      return [name, others.length === 0 ? first : [first, ...others]];
    }),
  );
}

function paramsIn(pattern: string, path: string): Readonly<Record<string, string>> {
  const values = path.split('/');
  const names = pattern.split('/').map((part) => /^\{(\w+)\}$/u.exec(part)?.[1]);
  return Object.fromEntries(names.flatMap((name, at) => (name === undefined ? [] : [[name, values[at] ?? '']])));
}
