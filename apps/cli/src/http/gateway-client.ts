import { CliError } from '../cli-error.ts';
import type { Cli } from '../cli.ts';
import { printable } from '../cli.ts';
import { parseJson, textAt } from '../json.ts';
import { bodyOf, call } from './call.ts';
import type { Credential, Place } from './connection.ts';

/** An answer of the gateway: a document, or its error in words. */
export type GatewayAnswer =
  | { readonly kind: 'document'; readonly document: unknown }
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly message: string;
      readonly requestId: string | undefined;
    }
  /** Something that no gateway of ours says. */
  | { readonly kind: 'foreign'; readonly status: number; readonly type: string };

/** Asks the gateway for a document. Throws `unreachable` where no answer came. */
export async function askGateway(
  cli: Cli,
  place: Place,
  path: string,
  credential?: Credential,
): Promise<GatewayAnswer> {
  return await readGatewayAnswer(await call(cli, { place, method: 'GET', path, credential }), place);
}

/** Reads an answer that is no stream. */
export async function readGatewayAnswer(answer: Response, place: Place): Promise<GatewayAnswer> {
  const { status } = answer;
  const body = parseJson(await bodyOf(answer, place));
  if (answer.ok && body !== undefined) return { kind: 'document', document: body };
  const message = textAt(body, 'error', 'message');
  if (!answer.ok && message !== undefined) {
    return { kind: 'error', status, message: printable(message), requestId: textAt(body, 'request_id') };
  }
  return { kind: 'foreign', status, type: printable(answer.headers.get('content-type') ?? 'no type') };
}

/** The document, where there is no other way to go on. */
export function documentOf(answer: GatewayAnswer, place: Place): unknown {
  switch (answer.kind) {
    case 'document':
      return answer.document;
    case 'error':
      throw new CliError(answer.status >= 502 ? 'unreachable' : 'refused', answer.message, ['`ccg doctor` says more.']);
    case 'foreign':
      throw notTheGateway(answer, place);
  }
}

export function notTheGateway(
  { status, type }: { readonly status: number; readonly type: string },
  place: Place,
): CliError {
  const { url, variable } = place;
  return new CliError(
    'unreachable',
    `${url} is not this gateway: it answers with ${status} and ${type}. Set ${variable} to its address.`,
  );
}
