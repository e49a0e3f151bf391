import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Secret } from '@ccg/kernel';
import type { Sealer } from '@ccg/translation';

/** What a sealed state belongs to: nobody else can open it. */
export interface SealingScope {
  readonly tenant: string;
  readonly provider: string;
  readonly model: string;
}

/** Seals a backend's opaque reasoning state for its way through the client and back. */
export interface Sealing {
  for(scope: SealingScope): Sealer;
}

interface SealingKey {
  readonly id: Buffer;
  readonly key: Buffer;
}

/** Names the format; a later one gets another, and what this process does not know is dropped. */
const tag = 'ccg1.';
const cipherName = 'aes-256-gcm';
const idBytes = 4;
const ivBytes = 12;
const macBytes = 16;
const headBytes = idBytes + ivBytes + macBytes;
const stateMaxBytes = 4 * 1024 * 1024;

/**
 * AES-256-GCM under keys derived from the secrets: the first seals, all of them open, so a key can be rotated
 * without losing a conversation. Needs at least one secret.
 */
export function createSealing(secrets: readonly [Secret, ...Secret[]]): Sealing {
  const keys = secrets.map(deriveKey);
  const first = deriveKey(secrets[0]);
  return {
    for(scope) {
      const context = Buffer.from(JSON.stringify([tag, scope.tenant, scope.provider, scope.model]));
      return {
        seal: (state) => seal(first, context, state),
        open: (sealed) => open(keys, context, sealed),
      };
    },
  };
}

function seal(key: SealingKey, context: Buffer, state: string): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(cipherName, key.key, iv).setAAD(context);
  const body = Buffer.concat([cipher.update(deflateRawSync(Buffer.from(state, 'latin1'))), cipher.final()]);
  return tag + Buffer.concat([key.id, iv, cipher.getAuthTag(), body]).toString('base64url');
}

/** Undefined for whatever was not sealed here for this scope: foreign, old, cut or forged. */
function open(keys: readonly SealingKey[], context: Buffer, sealed: string): string | undefined {
  if (!sealed.startsWith(tag)) return undefined;
  const bytes = Buffer.from(sealed.slice(tag.length), 'base64url');
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

function deriveKey(secret: Secret): SealingKey {
  const key = Buffer.from(hkdfSync('sha256', secret.reveal(), '', 'claude-code-gateway sealing 1', 32));
  return { key, id: createHash('sha256').update(key).digest().subarray(0, idBytes) };
}
