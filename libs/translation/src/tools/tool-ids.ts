import type { ToolIdRule } from '@ccg/catalog';
import { decodeByteString, encodeText } from '@ccg/wire';
import { shortHash } from './short-hash.ts';

/** What the Anthropic API takes as the id of a call, in any later request of the session. */
const clientId = /^[A-Za-z0-9_-]{1,64}$/u;
/** Ids of ours: encoded ones and minted ones. A backend's own id that looks so is encoded, or it could not be told. */
const ours = /^toolu_[xg]/u;
const encodedPrefix = 'toolu_x';
const backendIdMax = 256;

/** The ids of one request's history, as the backend gets them. */
export interface ToolIds {
  /** The backend's id for a client's: the backend's own where it had one, in the form that the backend takes. */
  inward(id: string): string;
}

/**
 * The client's id for a backend's, which `createToolIds` turns back: `functions.Bash:0` would be refused by Anthropic
 * when the session goes on there. Undefined for an id that is no use, empty or endless: the caller makes one.
 */
export function outwardToolId(id: string): string | undefined {
  if (id === '' || id.length > backendIdMax) return undefined;
  return clientId.test(id) && !ours.test(id) ? id : encodedPrefix + encode(id);
}

/** Two ids of a request stay two, also where the rule shortens them. */
export function createToolIds(rule: ToolIdRule): ToolIds {
  const known = new Map<string, string>();
  const taken = new Set<string>();
  return {
    inward(id) {
      const before = known.get(id);
      if (before !== undefined) return before;
      const wanted = decode(id);
      let form = formed(wanted, rule);
      for (let turn = 1; taken.has(form); turn += 1) form = shortened(`${wanted}#${turn}`, rule);
      taken.add(form);
      known.set(id, form);
      return form;
    },
  };
}

function formed(id: string, rule: ToolIdRule): string {
  switch (rule) {
    case 'any':
      return id;
    case 'at-most-64':
      return id.length <= 64 ? id : shortened(id, rule);
    case 'nine-letters':
      return /^[A-Za-z0-9]{9}$/u.test(id) ? id : shortened(id, rule);
  }
}

function shortened(id: string, rule: ToolIdRule): string {
  return shortHash(id, rule === 'nine-letters' ? 9 : 24);
}

function encode(id: string): string {
  return btoa(encodeText(id)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** An id that only looks encoded stays as it is. */
function decode(id: string): string {
  if (!id.startsWith(encodedPrefix)) return id;
  const letters = id.slice(encodedPrefix.length);
  try {
    const original = decodeByteString(atob(letters.replaceAll('-', '+').replaceAll('_', '/')));
    return original !== '' && encode(original) === letters ? original : id;
  } catch {
    return id;
  }
}
