import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Send } from './link.ts';

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

/** Runs a script by its digest, and by its text on a server that has not seen it or has restarted since. */
export function runScript(
  send: Send,
  script: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  const call = [script.sha1, keys.length, ...keys, ...args];
  return send('evalsha', call).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return send('eval', call.with(0, script.source));
  });
}
