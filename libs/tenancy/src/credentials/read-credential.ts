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
  | { readonly kind: 'jwt' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'foreign-anthropic' }
  | { readonly kind: 'malformed' };

type Shape = 'api-key' | 'jwt' | 'absent' | 'foreign-anthropic' | 'malformed';

interface Shown {
  readonly shape: Shape;
  readonly text: string;
}

const jwt = /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/u;
const bearer = /^bearer(?:\s+(?<token>\S.*))?$/iu;

/**
 * Finds the caller's credential by its shape. Of two headers the one that is ours (an API key or a token) counts and
 * the other is ignored; two different ones of ours are ambiguous.
 */
export function readCredential(headers: CredentialHeaders): Credential {
  const shown = [show(headers['x-api-key']), showBearer(headers.authorization)];
  const [first, second] = shown.filter(({ shape }) => shape === 'api-key' || shape === 'jwt');
  if (first !== undefined) {
    if (second !== undefined && second.text !== first.text) return { kind: 'ambiguous' };
    return first.shape === 'jwt' ? { kind: 'jwt' } : { kind: 'api-key', apiKey: new Secret(first.text) };
  }
  const shapes = new Set(shown.map(({ shape }) => shape));
  if (shapes.has('foreign-anthropic')) return { kind: 'foreign-anthropic' };
  return { kind: shapes.has('malformed') ? 'malformed' : 'absent' };
}

function show(header: string | undefined): Shown {
  const text = header?.trim() ?? '';
  return { shape: shapeOf(text), text };
}

function showBearer(header: string | undefined): Shown {
  const text = header?.trim() ?? '';
  if (text === '') return { shape: 'absent', text };
  const match = bearer.exec(text);
  return match === null ? { shape: 'malformed', text } : show(match.groups?.['token']);
}

function shapeOf(text: string): Shape {
  if (text === '') return 'absent';
  if (isApiKey(text)) return 'api-key';
  if (text.startsWith('sk-ant-')) return 'foreign-anthropic';
  return jwt.test(text) ? 'jwt' : 'malformed';
}
