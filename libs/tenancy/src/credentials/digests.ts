import { createHmac, hash } from 'node:crypto';
import type { Secret } from '@ccg/kernel';
import type { Peppers } from '../verb/actor.ts';

type Digests = readonly [string, ...string[]];

/**
 * The digest under which an API key is stored: HMAC-SHA-256 with the server's pepper, in hex. A slow hash would add
 * nothing to 190 random bits.
 */
export function hashApiKey(pepper: Secret, apiKey: Secret): string {
  return hmac(pepper, apiKey.reveal());
}

/** The digests of an API key under the current pepper, which comes first, and under the previous ones. */
export function digestsUnder({ current, previous }: Peppers, apiKey: Secret): Digests {
  return [hashApiKey(current, apiKey), ...previous.map((pepper) => hashApiKey(pepper, apiKey))];
}

/** What tells an API key from others in the store. */
export interface ApiKeyIdentity {
  /** The digests under which it is looked for. */
  readonly digests: Digests;
  /** Those that lead to it. */
  readonly leading: readonly string[];
  /** Whether there is one under each pepper, so that a search for them misses nothing. */
  readonly isComplete: boolean;
}

/** The identity of an API key that is known by its text or by the digests that `ccg keys digest` prints. */
export function identityOf(
  peppers: Peppers,
  key: { readonly apiKey: Secret } | { readonly digest: string },
): ApiKeyIdentity {
  if ('apiKey' in key) {
    const digests = digestsUnder(peppers, key.apiKey);
    return { digests, leading: [digests[0]], isComplete: true };
  }
  const [first = '', ...others] = new Set(key.digest.split(','));
  const digests: Digests = [first, ...others];
  const pepperCount = new Set([peppers.current, ...peppers.previous].map((pepper) => pepper.reveal())).size;
  // Nothing tells under which pepper each of them is.
  return { digests, leading: digests, isComplete: digests.length >= pepperCount };
}

/** Tells one pepper from another without revealing it. No API key has this text, so no digest can equal it. */
export function fingerprintPepper(pepper: Secret): string {
  return hmac(pepper, 'ccg pepper fingerprint');
}

/** By what this process remembers a credential: a bare SHA-256 takes a tenth of the time of an API key's digest. */
export function fingerprintOf(credential: Secret): string {
  return hash('sha256', credential.reveal(), 'base64');
}

/** The id of the user who has that subject at an issuer. Ids are of one tenant, so it is not part of it. */
export function userIdOf(issuer: string, subject: string): string {
  return `usr_${digestOfSubject(issuer, subject)}`;
}

export function digestOfSubject(issuer: string, subject: string): string {
  return digestOfPair('user', issuer, subject);
}

/** By what a token is revoked that has this id (`jti`) at its issuer. */
export function digestOfToken(issuer: string, tokenId: string): string {
  return digestOfPair('token', issuer, tokenId);
}

/** Subjects and ids of tokens are chosen elsewhere and may be of any length and of any characters. */
function digestOfPair(...parts: readonly [string, string, string]): string {
  return hash('sha256', JSON.stringify(parts), 'base64url');
}

function hmac(pepper: Secret, text: string): string {
  return createHmac('sha256', pepper.reveal()).update(text).digest('hex');
}
