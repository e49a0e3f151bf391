import { crc32 } from 'node:zlib';
import { Secret } from '@ccg/kernel';

/** Gives that many random bytes, from a source fit for secrets. */
export type RandomBytes = (size: number) => Uint8Array;

const prefix = 'ccg_live_';
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const randomLength = 32;
const checksumLength = 6;
const shape = /^ccg_live_[0-9A-Za-z]{38}$/u;

/** Makes an API key: `ccg_live_`, 32 random base62 characters (190 bits) and 6 of checksum. */
export function generateApiKey(randomBytes: RandomBytes): Secret {
  const body = prefix + randomBase62(randomLength, randomBytes);
  return new Secret(body + checksumOf(body));
}

/** Whether a text has the shape of an API key and a checksum that fits; says nothing about whether it was ever issued. */
export function isApiKey(text: string): boolean {
  return shape.test(text) && checksumOf(text.slice(0, -checksumLength)) === text.slice(-checksumLength);
}

/** The part of an API key that may be shown, to tell one from another: `ccg_live_ab12…wxyz`. */
export function apiKeyHint(apiKey: Secret): string {
  const text = apiKey.reveal();
  return `${text.slice(0, prefix.length + 4)}…${text.slice(-4)}`;
}

function checksumOf(text: string): string {
  let rest = crc32(text);
  let checksum = '';
  while (checksum.length < checksumLength) {
    checksum = alphabet.charAt(rest % alphabet.length) + checksum;
    rest = Math.floor(rest / alphabet.length);
  }
  return checksum;
}

/** Random characters of the alphabet. */
export function randomBase62(length: number, randomBytes: RandomBytes): string {
  // Bytes past the last whole multiple of 62 would make the first characters of the alphabet likelier.
  const limit = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length - text.length)) {
      if (byte < limit) text += alphabet.charAt(byte % alphabet.length);
    }
  }
  return text;
}
