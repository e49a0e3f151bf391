import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A Lua script and the SHA-1 by which Redis knows it. */
export interface Script {
  readonly source: string;
  readonly sha1: string;
}

/** Reads a Lua file that stands beside its caller: `loadScript(new URL('./admit.lua', import.meta.url))`. Throws when it is missing. */
export function loadScript(file: URL): Script {
  return createScript(readFileSync(file, 'utf8'));
}

/** A script from its text. */
export function createScript(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}
