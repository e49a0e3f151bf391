import { createHmac } from 'node:crypto';
import type { Secret } from '@ccg/kernel';

/** Tells one pepper from another without giving it away. No API key has this text, so no digest can equal it. */
export function fingerprintPepper(pepper: Secret): string {
  return createHmac('sha256', pepper.reveal()).update('ccg pepper fingerprint').digest('hex');
}
