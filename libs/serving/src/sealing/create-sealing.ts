import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Secret } from '@ccg/kernel';
import { sealTag } from '@ccg/translation';
import type { Sealer } from '@ccg/translation';

/** What a sealed state belongs to: nobody else can open it. */
interface SealingScope {
  readonly tenant: string;
  readonly provider: string;
  readonly model: string;
}

/** Seals a backend's opaque reasoning state for its way through the client and back, and hides names from backends. */
export interface Sealing {
  for(scope: SealingScope): Sealer;
}

interface SealingKey {
  readonly id: Buffer;
  readonly key: Buffer;
}

const cipherName = 'aes-256-gcm';
const idBytes = 4;
const ivBytes = 12;
const macBytes = 16;
const headBytes = idBytes + ivBytes + macBytes;
const stateMaxBytes = 4 * 1024 * 1024;

/**
 * AES-256-GCM under keys derived from the secrets: the first key encrypts, any key decrypts, so a key can be
 * rotated without losing a conversation. Needs at least one secret.
 */
export function createSealing(secrets: readonly [Secret, ...Secret[]]): Sealing {
  const keys = secrets.map(deriveKey);
  const first = deriveKey(secrets[0]);
  const naming = derive(secrets[0], 'claude-code-gateway pseudonyms 1');
  return {
    for(scope) {
      let made: Buffer | undefined;
      // Most requests neither seal nor open anything.
      const context = () =>
        (made ??= Buffer.from(JSON.stringify([sealTag, scope.tenant, scope.provider, scope.model])));
      return {
        seal: (state) => seal(first, context(), state),
        open: (sealed) => open(keys, context(), sealed),
        pseudonym: (name) => pseudonym(naming, scope, name),
      };
    },
  };
}

function seal(key: SealingKey, context: Buffer, state: string): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(cipherName, key.key, iv).setAAD(context);
  const body = Buffer.concat([cipher.update(deflateRawSync(Buffer.from(state, 'latin1'))), cipher.final()]);
  return sealTag + Buffer.concat([key.id, iv, cipher.getAuthTag(), body]).toString('base64url');
}

/** Undefined for whatever was not sealed here for this scope: foreign, old, cut or forged. */
function open(keys: readonly SealingKey[], context: Buffer, sealed: string): string | undefined {
  if (!sealed.startsWith(sealTag)) return undefined;
  const bytes = Buffer.from(sealed.slice(sealTag.length), 'base64url');
  const key = keys.find(({ id }) => id.equals(bytes.subarray(0, idBytes)));
  if (key === undefined || bytes.length < headBytes) return undefined;
  const iv = bytes.subarray(idBytes, idBytes + ivBytes);
  const mac = bytes.subarray(idBytes + ivBytes, headBytes);
  const decipher = createDecipheriv(cipherName, key.key, iv, { authTagLength: macBytes })
    .setAAD(context)
    .setAuthTag(mac);
  try {
    const packed = Buffer.concat([decipher.update(bytes.subarray(headBytes)), decipher.final()]);
    return inflateRawSync(packed, { maxOutputLength: stateMaxBytes }).toString('latin1');
  } catch {
    return undefined;
  }
}

/** One person is the same to a provider whichever model is asked, and another one to every other provider. */
function pseudonym(key: Buffer, { tenant, provider }: SealingScope, name: string): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([tenant, provider, name]))
    .digest('base64url');
}

function derive(secret: Secret, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret.reveal(), '', purpose, 32));
}

function deriveKey(secret: Secret): SealingKey {
  const key = derive(secret, 'claude-code-gateway sealing 1');
  return { key, id: createHash('sha256').update(key).digest().subarray(0, idBytes) };
}
