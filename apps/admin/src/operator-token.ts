import { hash, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Clock, Secret } from '@ccg/kernel';
import { describeDeniedFile, reasonOf } from '@ccg/startup';
import type { OperatorPrincipal } from '@ccg/tenancy';

/** Whoever shows the token of the operators. */
export const operatorPrincipal: OperatorPrincipal = {
  kind: 'operator',
  name: 'operator-token',
  authorization: {
    scopes: ['operator:read', 'operator:write'],
    policy: { kind: 'allow-all' },
    limits: [],
  },
};

const tokenMinLength = 32;
const worldReadable = 0o004;

type ReadToken =
  | { readonly kind: 'read'; readonly digest: Uint8Array; readonly isOpen: boolean }
  | { readonly kind: 'faulty'; readonly problem: string };

/** Reads the file of the operators' token, or says what to do about it. Only the digest of the token is kept. */
export function readOperatorToken(path: string): ReadToken {
  const remedy = 'Write one with: openssl rand -hex 32';
  try {
    const token = readFileSync(path, 'utf8').trim();
    if (token.length < tokenMinLength) {
      return faulty(`${path} must hold a token of at least ${tokenMinLength} characters. ${remedy}`);
    }
    if (!/^[\x21-\x7e]+$/u.test(token)) {
      return faulty(`${path} must hold one line of letters, digits and signs without spaces. ${remedy}`);
    }
    return { kind: 'read', digest: digestOf(token), isOpen: (statSync(path).mode & worldReadable) !== 0 };
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code === 'ENOENT') return faulty(`${path} does not exist. ${remedy} > ${path}`);
    if (code === 'EACCES') return faulty(describeDeniedFile(path));
    if (code === 'EISDIR') return faulty(`${path} is a folder. Name the file in it.`);
    return faulty(`${path} cannot be read (${reasonOf(thrown)}). Make it readable for the user of this process.`);
  }
}

/** How long a change of the file may go unnoticed. */
const checkIntervalMs = 1000;

/**
 * Compares texts with the token in the file, in constant time. The file is read again when it has changed, so that a new
 * token works without a restart, and the old one no more. While the file is faulty, no text is the token.
 */
export function createOperatorToken(
  path: string,
  clock: Clock,
  onChange: (problem: string | undefined) => void,
): (text: Secret) => boolean {
  let version = versionOf(path);
  let current = readOperatorToken(path);
  let checkedAt = clock.now();
  const refresh = () => {
    const now = clock.now();
    if (now >= checkedAt && now - checkedAt < checkIntervalMs) return;
    checkedAt = now;
    const found = versionOf(path);
    if (found === version) return;
    version = found;
    current = readOperatorToken(path);
    onChange(current.kind === 'faulty' ? current.problem : undefined);
  };
  return (text) => {
    refresh();
    return current.kind === 'read' && timingSafeEqual(digestOf(text.reveal()), current.digest);
  };
}

/** Differs for a file that was written or replaced. */
function versionOf(path: string): string {
  try {
    const { ino, mtimeNs, ctimeNs, size } = statSync(path, { bigint: true });
    return `${ino} ${mtimeNs} ${ctimeNs} ${size}`;
  } catch {
    return '';
  }
}

function digestOf(text: string): Uint8Array {
  return hash('sha256', text, 'buffer');
}

function faulty(problem: string): ReadToken {
  return { kind: 'faulty', problem };
}
