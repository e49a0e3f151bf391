import type { Endpoint } from '@ccg/catalog';
import { changedError, visibleText } from '@ccg/kernel';
import type { GatewayError, GatewayErrorDetails } from '@ccg/kernel';
import { encodeText } from '@ccg/wire';

const removed = '[removed]';
const wordsMaxLength = 500;

/** The beginnings of credentials, and what follows the word that announces one. */
const announced =
  /\b(?:bearer|basic|api[ _-]?key|(?:access |auth )?token|secret|password)(?: (?:provided|is))?[:=]? ?['"`]?(?=[^\s'"`]*[\d*])[^\s'"`,;]+/giu;
/**
 * The words of an upstream that refused the gateway itself, for the log: clients are not shown them, since servers quote
 * credentials. Without the credentials of the endpoint and all that looks like one, on one line and not long.
 */
export function wordsForLog(text: string | undefined, endpoint: Endpoint): string | undefined {
  if (text === undefined) return undefined;
  const without = withoutCredentials(text, endpoint);
  const line = without
    .slice(0, 4 * wordsMaxLength)
    .replace(announced, removed)
    .replace(/[\w.+=*~-]+/gu, (word) => (looksSecret(word) ? removed : word))
    .replace(/\s+/gu, ' ')
    .trim();
  const visible = visibleText(line, 4 * wordsMaxLength);
  return visible.length <= wordsMaxLength ? visible : `${visibleText(line, wordsMaxLength - 1)}…`;
}

/** A text without the credentials of the endpoint, its secret headers included: servers quote what they refuse. */
function withoutCredentials(text: string, endpoint: Endpoint): string {
  return secretsOf(endpoint).reduce((left, secret) => left.replaceAll(secret, removed), text);
}

/** The same for frames of a stream, which may be JSON. What holds no credential is returned as it is. */
export function framesWithoutCredentials(frames: string | Uint8Array, endpoint: Endpoint): string | Uint8Array {
  const text = typeof frames === 'string' ? frames : Buffer.from(frames).toString('latin1');
  const forms = secretsOf(endpoint).map((secret) => encodeText(JSON.stringify(secret).slice(1, -1)));
  const left = forms.reduce((told, secret) => told.replaceAll(secret, removed), text);
  return left === text ? frames : left;
}

/** The same for an error that quotes its provider. `more` is told besides. */
export function errorWithoutCredentials(
  error: GatewayError,
  endpoint: Endpoint,
  more: Pick<GatewayErrorDetails, 'headers' | 'upstreamMessage' | 'upstreamCode'> = {},
): GatewayError {
  const publicMessage = withoutCredentials(error.publicMessage, endpoint);
  const { headers = {}, upstreamMessage = error.upstreamMessage } = more;
  const upstreamCode = nameForLog(more.upstreamCode ?? error.upstreamCode, endpoint);
  const isAsTold =
    publicMessage === error.publicMessage &&
    upstreamMessage === error.upstreamMessage &&
    upstreamCode === error.upstreamCode;
  if (isAsTold && Object.keys(headers).length === 0) return error;
  return changedError(error, {
    publicMessage,
    headers: { ...error.headers, ...headers },
    upstreamMessage,
    upstreamCode,
  });
}

/** A server that calls a failure by something that looks like a credential calls it nothing. */
function nameForLog(name: string | undefined, endpoint: Endpoint): string | undefined {
  if (name === undefined) return undefined;
  return withoutCredentials(name, endpoint) !== name || startsSecret(name) ? undefined : name;
}

/** Unicode text, the longest first. */
function secretsOf({ credential, headers }: Endpoint): readonly string[] {
  const known = headers.flatMap(([, value]) => (typeof value === 'string' ? [] : [value.reveal()]));
  const revealed = credential === undefined || 'kind' in credential ? undefined : credential.reveal();
  if (typeof revealed === 'string') known.push(revealed);
  return known.filter((secret) => secret !== '').toSorted((a, b) => b.length - a.length);
}

/** By a beginning that vendors give to credentials, by stars, and by a mixture that no name of a project, region or permission has. */
function looksSecret(word: string): boolean {
  if (startsSecret(word) || word.includes('***')) return true;
  const isLongRun = /(?=[a-z]*\d|\d+[a-z])[a-z\d+=]{24}/iu.test(word);
  return isLongRun || (word.length >= 12 && [/[a-z]/u, /[A-Z]/u, /\d/u].every((kind) => kind.test(word)));
}

function startsSecret(word: string): boolean {
  return /^(?:(?:sk|nvapi|xai|pplx)-|(?:ghp|gsk|ccg)_|AIza|ya29\.|eyJ)/u.test(word);
}
