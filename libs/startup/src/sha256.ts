import { hash } from 'node:crypto';

/** What two byte sequences that differ never share. */
export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'base64');
}
