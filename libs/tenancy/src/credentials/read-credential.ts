import { Secret } from '@ccg/kernel';
import { isApiKey } from './api-key-format.ts';

/** The two headers that may carry a credential, as they came; undefined or blank is absent. */
export interface CredentialHeaders {
  readonly 'x-api-key'?: string | undefined;
  readonly authorization?: string | undefined;
}

/** What a request showed. `malformed` has an unknown shape, a wrong checksum or a scheme other than Bearer. */
export type Credential =
  | { readonly kind: 'api-key'; readonly apiKey: Secret }
  | { readonly kind: 'jwt'; readonly token: Secret }
  | { readonly kind: 'absent' }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'foreign-anthropic' }
  | { readonly kind: 'malformed' };

type Shape = 'api-key' | 'jwt' | 'absent' | 'foreign-anthropic' | 'malformed';

interface Shown {
  readonly shape: Shape;
  readonly text: string;
}

/** Whatever it lacks, so that every token that is not accepted is answered alike. An encrypted one has five parts. */
const jwt = /^eyJ[\w-]*(?:\.[\w-]*){2,4}$/u;
const bearer = /^bearer(?:\s+(\S.*))?$/iu;

/**
 * Finds the caller's credential by its shape. Of two headers the one that is ours (an API key or a token) counts and
 * the other is ignored; two different ones of ours are ambiguous.
 */
export function readCredential(headers: CredentialHeaders): Credential {
  const inApiKeyHeader = show(headers['x-api-key']);
  const inAuthorization = showBearer(headers.authorization);
  if (isOurs(inApiKeyHeader) && isOurs(inAuthorization) && inApiKeyHeader.text !== inAuthorization.text) {
    return { kind: 'ambiguous' };
  }
  const { shape, text } = isOurs(inApiKeyHeader) ? inApiKeyHeader : inAuthorization;
  if (shape === 'api-key') return { kind: 'api-key', apiKey: new Secret(text) };
  if (shape === 'jwt') return { kind: 'jwt', token: new Secret(text) };
  const shapes = [inApiKeyHeader.shape, shape];
  if (shapes.includes('foreign-anthropic')) return { kind: 'foreign-anthropic' };
  return { kind: shapes.includes('malformed') ? 'malformed' : 'absent' };
}

function isOurs({ shape }: Shown): boolean {
  return shape === 'api-key' || shape === 'jwt';
}

function show(header: string | undefined): Shown {
  const text = header?.trim() ?? '';
  return { shape: shapeOf(text), text };
}

function showBearer(header: string | undefined): Shown {
  const text = header?.trim() ?? '';
  if (text === '') return { shape: 'absent', text };
  const match = bearer.exec(text);
  return match === null ? { shape: 'malformed', text } : show(match[1]);
}

function shapeOf(text: string): Shape {
  if (text === '') return 'absent';
  if (isApiKey(text)) return 'api-key';
  if (text.startsWith('sk-ant-')) return 'foreign-anthropic';
  return jwt.test(text) ? 'jwt' : 'malformed';
}
