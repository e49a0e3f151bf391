/** One act of a scripted answer. An answer whose steps run out is ended as HTTP demands. */
export type ScriptStep =
  | { readonly kind: 'head'; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  | { readonly kind: 'write'; readonly bytes: string | Uint8Array }
  | { readonly kind: 'wait'; readonly until: Promise<unknown> }
  | { readonly kind: 'cut' }
  | { readonly kind: 'hang' };

export type Script = readonly ScriptStep[];

/** Sends status and headers at once, even when nothing follows yet. */
export function head(status: number, headers: Readonly<Record<string, string>> = {}): ScriptStep {
  return { kind: 'head', status, headers };
}

/** Sends bytes in a write of their own. */
export function write(bytes: string | Uint8Array): ScriptStep {
  return { kind: 'write', bytes };
}

/** Sends nothing more until the promise settles. */
export function waitFor(until: Promise<unknown>): ScriptStep {
  return { kind: 'wait', until };
}

/** Destroys the connection, as a crashed upstream does. */
export const cut: ScriptStep = { kind: 'cut' };

/** Stays silent until the client leaves. */
export const hang: ScriptStep = { kind: 'hang' };

/** A whole JSON answer. */
export function jsonScript(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Script {
  return [head(status, { 'content-type': 'application/json', ...headers }), write(JSON.stringify(body))];
}
