import { CliError } from '../cli-error.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../cli.ts';
import { jsonAt, textAt } from '../json.ts';
import type { Credential, Place } from './connection.ts';

export interface Call {
  readonly place: Place;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Behind the place's URL, encoded. */
  readonly path: string;
  readonly credential?: Credential | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Until the end of the body. */
  readonly timeoutMs?: number;
}

const timeoutDefaultMs = 30_000;

/**
 * Sends one request. Redirects are not followed: they would carry the credential elsewhere.
 *
 * @throws CliError `unreachable`, where no answer came.
 */
export async function call({ fetch }: Cli, request: Call): Promise<Response> {
  const { place, method, path, credential, body, timeoutMs = timeoutDefaultMs } = request;
  const headers = {
    ...(credential === undefined ? {} : { authorization: `Bearer ${credential.secret.reveal()}` }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...request.headers,
  };
  const answer = await fetch(place.url + path, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((thrown: unknown) => {
    throw explainNetworkError(thrown, place);
  });
  if (answer.status >= 300 && answer.status < 400) {
    throw new CliError(
      'unreachable',
      `${place.url} answers with a redirect to ${printable(answer.headers.get('location') ?? 'nowhere')}, which is not followed. Set ${place.variable} to the address itself.`,
    );
  }
  return answer;
}

/** The body as text; a connection that breaks within it is as good as none. */
export async function bodyOf(answer: Response, place: Place): Promise<string> {
  return await answer.text().catch((thrown: unknown) => {
    throw explainNetworkError(thrown, place);
  });
}

const certificateCode = /CERT|SIGNATURE|SELF_SIGNED/u;

/** Says why a server cannot be reached, and what to do. */
export function explainNetworkError(thrown: unknown, { url, what, variable }: Place): CliError {
  const where = `${what} at ${url}`;
  const { host, hostname } = new URL(url);
  if (textAt(thrown, 'name') === 'TimeoutError') {
    return new CliError(
      'unreachable',
      `No answer came from ${where} in time. Try again, or see whether ${variable} is right.`,
    );
  }
  const code = codeOf(thrown);
  if (code === 'ECONNREFUSED') {
    return new CliError('unreachable', `Nothing listens at ${host}. Start ${what}, or set ${variable} to its address.`);
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new CliError('unreachable', `No address is known for the name ${hostname}. Correct ${variable}.`);
  }
  if (certificateCode.test(code)) {
    return new CliError(
      'unreachable',
      `The certificate of ${host} is not trusted (${code}). Name the file of its authority in NODE_EXTRA_CA_CERTS.`,
    );
  }
  return new CliError('unreachable', `The connection to ${where} failed (${code}). See whether ${variable} is right.`);
}

/** fetch says "fetch failed", and the reason below it. */
function codeOf(thrown: unknown): string {
  for (let error = thrown, depth = 0; depth < 5 && error !== undefined; error = jsonAt(error, 'cause'), depth += 1) {
    const code = textAt(error, 'code') ?? textAt(error, 'errors', 0, 'code');
    if (code !== undefined) return code;
  }
  return printable(textAt(thrown, 'message') ?? String(thrown));
}
