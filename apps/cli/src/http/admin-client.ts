import { CliError } from '../cli-error.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../cli.ts';
import { jsonAt, listAt, parseJson, textAt } from '../json.ts';
import { bodyOf, call, explainNetworkError } from './call.ts';
import type { Call } from './call.ts';
import { adminCredential, adminPlace } from './connection.ts';
import type { Credential, Place } from './connection.ts';

type Query = Readonly<Record<string, string | undefined>>;

interface WriteOptions {
  /** The server then does a repeated request once. */
  readonly idempotencyKey?: string | undefined;
}

/** The admin API. Every method throws a CliError where the answer is no success. */
export interface AdminClient {
  get(path: string, query?: Query): Promise<unknown>;
  send(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    options?: WriteOptions,
  ): Promise<unknown>;
  /** All pages of a list, as one document. */
  list(path: string, query?: Query): Promise<{ readonly items: readonly unknown[] }>;
  /** The lines of an export, while they arrive. */
  lines(path: string): AsyncIterable<string>;
}

const pageSize = '200';
const exportTimeoutMs = 60 * 60 * 1000;

/** Needs a credential; nothing is sent before the first call of a method. */
export function createAdminClient(cli: Cli): AdminClient {
  const place = adminPlace(cli.env);
  const credential = adminCredential(cli);
  const ask = async (request: Omit<Call, 'place' | 'credential'>): Promise<Response> => {
    const answer = await call(cli, { place, credential, ...request });
    if (!answer.ok) throw explainRefusal(answer, await bodyOf(answer, place), { place, credential });
    return answer;
  };
  const get = async (path: string, query: Query = {}): Promise<unknown> => {
    return await readDocument(await ask({ method: 'GET', path: path + queryOf(query) }), place);
  };
  return {
    get,
    async send(method, path, body, { idempotencyKey } = {}) {
      const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey };
      // Every POST has a body: a missing one would be of no media type.
      return await readDocument(
        await ask({ method, path, headers, body: method === 'DELETE' ? body : (body ?? {}) }),
        place,
      );
    },
    async list(path, query = {}) {
      const items: unknown[] = [];
      let cursor: string | undefined;
      do {
        const page = await get(path, { limit: pageSize, cursor, ...query });
        items.push(...listAt(page, 'items'));
        cursor = textAt(page, 'nextCursor');
      } while (cursor !== undefined);
      return { items };
    },
    async *lines(path) {
      const headers = { accept: 'application/jsonl' };
      const answer = await ask({ method: 'GET', path, headers, timeoutMs: exportTimeoutMs });
      yield* splitLines(answer, place);
    },
  };
}

/** A segment of a path. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

/** With its question mark; empty for none. */
export function queryOf(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return given.length === 0 ? '' : `?${new URLSearchParams(Object.fromEntries(given)).toString()}`;
}

async function readDocument(answer: Response, place: Place): Promise<unknown> {
  const text = await bodyOf(answer, place);
  if (text === '') return undefined;
  const document = parseJson(text);
  return document === undefined ? notTheAdminApi(answer, place) : document;
}

function notTheAdminApi({ status, headers }: Response, { url, variable }: Place): never {
  const type = headers.get('content-type')?.split(';', 1)[0] ?? 'no type';
  const message = `${url} is not the admin API: it answers with ${status} and ${printable(type)}. Set ${variable} to its address.`;
  throw new CliError('unreachable', message);
}

/** Statuses of a server that is there and cannot work now. */
const unavailable = [502, 503, 504];

function explainRefusal(
  answer: Response,
  body: string,
  { place, credential }: { readonly place: Place; readonly credential: Credential },
): CliError {
  const { status, headers } = answer;
  const isProblem = headers.get('content-type')?.startsWith('application/problem+json') === true;
  const problem = isProblem ? parseJson(body) : undefined;
  const kind = unavailable.includes(status) ? 'unreachable' : 'refused';
  const detail = textAt(problem, 'detail') ?? textAt(problem, 'title');
  if (detail === undefined) {
    if (kind === 'unreachable') return new CliError(kind, `${place.what} answers with ${status}. Try again later.`);
    return notTheAdminApi(answer, place);
  }
  const requestId = textAt(problem, 'requestId');
  const details = [
    ...listAt(problem, 'errors').map((one) => `${pathOf(jsonAt(one, 'path'))}: ${textAt(one, 'message') ?? ''}`),
    ...(status === 401 ? [`The credential came from ${credential.from}.`] : []),
    ...(status >= 500 && requestId !== undefined
      ? [`The log of the admin app has more, at the request ${requestId}.`]
      : []),
  ];
  return new CliError(kind, printable(detail), details.map(printable), status);
}

function pathOf(path: unknown): string {
  return typeof path === 'string' && path !== '' ? path : 'request';
}

async function* splitLines(answer: Response, place: Place): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const bytes of answer.body ?? []) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines.filter((line) => line !== '');
    }
  } catch (thrown) {
    throw explainNetworkError(thrown, place);
  }
  if (rest !== '') yield rest;
}
