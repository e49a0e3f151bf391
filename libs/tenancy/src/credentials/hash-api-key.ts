import { createHmac, hash } from 'node:crypto';
import type { Secret } from '@ccg/kernel';

/**
 * The digest under which an API key is stored: HMAC-SHA-256 with the server's pepper, in hex. A slow hash would add
 * nothing to 190 random bits.
 */
export function hashApiKey(pepper: Secret, apiKey: Secret): string {
  return createHmac('sha256', pepper.reveal()).update(apiKey.reveal()).digest('hex');
}

/** What to remember an API key by within this process, in a tenth of the time: a bare SHA-256. */
export function fingerprintApiKey(apiKey: Secret): string {
  return hash('sha256', apiKey.reveal(), 'base64');
}
