import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';

export interface RedisBinary {
  readonly path: string;
  /** For people: `redis-server 7.0.15`. */
  readonly name: string;
}

export type RedisSearch =
  | { readonly kind: 'found'; readonly binary: RedisBinary }
  | { readonly kind: 'too-old'; readonly binary: RedisBinary }
  | { readonly kind: 'absent' };

/** Looks on the given PATH for a `redis-server` or `valkey-server` of version 6.2 or newer. */
export async function findRedisBinary(searchPath: string): Promise<RedisSearch> {
  let tooOld: RedisBinary | undefined;
  for (const name of ['redis-server', 'valkey-server']) {
    for (const folder of searchPath.split(delimiter).filter(isAbsolute)) {
      const path = join(folder, name);
      const version = (await isExecutable(path)) ? await readVersion(path) : undefined;
      if (version === undefined) continue;
      const binary = { path, name: `${name} ${version.text}` };
      if (version.isEnough) return { kind: 'found', binary };
      tooOld ??= binary;
    }
  }
  return tooOld === undefined ? { kind: 'absent' } : { kind: 'too-old', binary: tooOld };
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Both print `… server v=7.0.15 sha=…`. What prints nothing of the kind is not taken for a server. */
async function readVersion(path: string): Promise<{ readonly text: string; readonly isEnough: boolean } | undefined> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 5000, env: {} });
    const match = /\bv=(\d+)\.(\d+)[\d.]*/.exec(stdout);
    if (match === null) return undefined;
    const [major, minor] = [Number(match[1]), Number(match[2])];
    return { text: match[0].slice(2), isEnough: major > 6 || (major === 6 && minor >= 2) };
  } catch {
    return undefined;
  }
}
