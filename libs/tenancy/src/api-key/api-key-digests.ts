import type { Secret } from '@ccg/kernel';
import { fingerprintApiKey, hashApiKey } from '../credentials/hash-api-key.ts';
import { createBoundedMap } from './bounded-map.ts';

/** Finds the digest of an API key, which takes longer than all else in its verification, once. */
export function createApiKeyDigests(pepper: Secret, maxEntries: number): (apiKey: Secret) => string {
  const digests = createBoundedMap<string>(maxEntries);
  return (apiKey) => {
    const fingerprint = fingerprintApiKey(apiKey);
    const known = digests.get(fingerprint);
    if (known !== undefined) return known;
    const digest = hashApiKey(pepper, apiKey);
    digests.set(fingerprint, digest);
    return digest;
  };
}
