import type { Loose, LooseObject } from './loose-json.ts';

/**
 * What a server calls a failure: its code, where it has one that is no HTTP status; else the reason or the status of
 * Google's APIs, else the type. Undefined for whatever is no plain name: it may be a sentence, or quote something.
 */
export function failureName(error: LooseObject): string | undefined {
  const candidates = [error.get('code'), reasonOf(error.get('details')), error.get('status'), error.get('type')];
  return candidates.map(plainNameOf).find((name) => name !== undefined);
}

/** Google's ErrorInfo among its details. */
function reasonOf(details: Loose | undefined): Loose | undefined {
  if (!Array.isArray(details)) return undefined;
  return details.map((detail) => (detail instanceof Map ? detail.get('reason') : undefined)).find(isText);
}

function plainNameOf(value: Loose | undefined): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const name = String(value);
  if (!/^[\w.:-]{1,64}$/u.test(name) || name === 'error') return undefined;
  return isHttpStatus(name) ? undefined : name;
}

/** The log has the status beside the name. Other numbers are codes, such as 1210 at Z.ai. */
function isHttpStatus(name: string): boolean {
  return /^[1-5]\d\d$/u.test(name);
}

function isText(value: Loose | undefined): boolean {
  return typeof value === 'string';
}
