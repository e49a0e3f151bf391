import type { ToolIdRule } from '@ccg/catalog';
import { copyText, decodeByteString, encodeText } from '@ccg/wire';
import type { JsonValue } from '@ccg/wire';
import { asList, asObject, asText } from '../json-fields.ts';
import { shortHash } from './short-hash.ts';

/** The ids that the Anthropic API accepts for calls. */
const clientId = /^[A-Za-z0-9_-]{1,64}$/u;
/** Ids that the gateway encoded or made. A backend's own id of this form is encoded, so that it cannot be confused. */
const ours = /^toolu_[xyg]/u;
const encodedPrefix = 'toolu_x';
const geminiPrefix = 'toolu_y';
const backendIdMax = 256;

/** The ids of one request's history, as the backend gets them. */
export interface ToolIds {
  /**
   * The backend's id for a client's id: its original one if it had one, in a form that the backend accepts. `repeat` is
   * how many earlier calls have the same id: each gets an id of its own, which depends only on the history before it.
   */
  inward(id: string, repeat?: number): string;
  /** All ids that `inward` has given. */
  given(): Iterable<string>;
}

/**
 * The client's id for a backend's id; `createToolIds` decodes it. Anthropic would reject `functions.Bash:0` if the
 * session continued there. Undefined for an empty or very long id: the caller makes a new one.
 */
export function outwardToolId(id: string): string | undefined {
  if (id === '' || id.length > backendIdMax) return undefined;
  return clientId.test(id) && !ours.test(id) ? id : encodedPrefix + encode(id);
}

/** The same for an id of Gemini's, which gets its own ids back and no others: all of them are encoded, with a mark. */
export function outwardGeminiId(id: string): string | undefined {
  return id === '' || id.length > backendIdMax ? undefined : geminiPrefix + encode(id);
}

/** Whether Gemini made the id of a call. */
export function isGeminiId(id: string): boolean {
  return id.startsWith(geminiPrefix) && decode(id) !== id;
}

/** Different ids of a request stay different, even if the rule shortens them. */
export function createToolIds(rule: ToolIdRule): ToolIds {
  const known = new Map<string, string>();
  const taken = new Set<string>();
  return {
    inward(id, repeat = 0) {
      const key = `${repeat} ${id}`;
      const before = known.get(key);
      if (before !== undefined) return before;
      const wanted = decode(id);
      let form = formed(wanted, rule);
      for (let turn = 1; taken.has(form); turn += 1) form = shortened(`${wanted}#${turn}`, rule);
      taken.add(form);
      known.set(key, form);
      return form;
    },
    given: () => taken,
  };
}

/** An id of an answer is at most as long as the longest one encoded. */
const answerIdMax = 1100;

/**
 * The test whether a client's id is already used in the conversation: in this form, or in the form that the backend gave
 * or got. `given` are the ids that the backend gets. It keeps nothing of the messages in memory.
 */
export function usedToolIds(messages: JsonValue | undefined, given: Iterable<string>): (id: string) => boolean {
  const used = new Set<string>();
  const add = (id: string | undefined) => {
    if (id === undefined || id.length > answerIdMax || used.has(id)) return;
    const copied = copyText(id);
    used.add(copied).add(decode(copied));
  };
  for (const message of asList(messages)) {
    for (const value of asList(asObject(message)?.['content'])) {
      const block = asObject(value);
      if (asText(block?.['type'])?.endsWith('tool_use') === true) add(asText(block?.['id']));
      add(asText(block?.['tool_use_id']));
    }
  }
  for (const id of given) add(id);
  return (id) => used.has(id) || used.has(decode(id));
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
  if (!id.startsWith(encodedPrefix) && !id.startsWith(geminiPrefix)) return id;
  const letters = id.slice(encodedPrefix.length);
  try {
    const original = decodeByteString(atob(letters.replaceAll('-', '+').replaceAll('_', '/')));
    return original !== '' && encode(original) === letters ? original : id;
  } catch {
    return id;
  }
}
