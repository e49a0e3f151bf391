import { copyText, decodeText } from '@ccg/wire';
import type { HistoryCall } from '../history/pair-tool-results.ts';
import type { Warnings } from '../warnings.ts';
import { shortHash } from './short-hash.ts';

/**
 * The names of one request's tools on both sides. Case and letters of a name never change. In a name that the backend
 * would refuse, other characters become underscores, what is too long is cut, and a hash of the whole name comes last.
 */
export interface ToolNames {
  /** The backend's name for the client's. */
  inward(name: string): string;
  /** The client's name for the tool that the backend called: the declared tool that it means, or the name as it is. */
  outward(name: string): string;
  /** The client's name for a name of the backend's, which is left as it is if the backend did not get it. */
  original(name: string): string;
  /** Whether the client declared a tool of this name. */
  declares(name: string): boolean;
  /** Whether the name was declared or is already sent. */
  knows(name: string): boolean;
}

const digestLength = 8;
const refused = /[^A-Za-z0-9_-]/u;
const refusedCharacter = /[^A-Za-z0-9_-]/gu;
/** A name without what models and servers put around it: a namespace, a number, markers, quotes and white space. */
function withoutNoise(name: string): string {
  return name
    .replace(/<.*$/su, '')
    .replace(/^[\s'"`]+|[\s'"`]+$/gu, '')
    .replace(/^(?:functions|default_api|tools?)[.:]/u, '')
    .replace(/(?::\d{1,4}|\(\)?)$/u, '');
}

/**
 * `declared` are the client's names in the order of its tools. Each gets a backend name of its own. Some backends want
 * every name to begin with a letter or an underscore.
 */
export function createToolNames(
  declared: readonly string[],
  nameMax: number,
  begin: 'any' | 'letter' = 'any',
): ToolNames {
  const toBackend = new Map<string, string>();
  const toClient = new Map<string, string>();
  // A name that is changed gives way to a declared one that is not.
  for (const name of [...declared.filter(isAccepted), ...declared]) if (!toBackend.has(name)) add(name);

  function add(name: string): string {
    let form = isAccepted(name) ? name : changed(name, name);
    for (let turn = 1; toClient.has(form); turn += 1) form = changed(name, `${name}#${turn}`);
    toBackend.set(name, form);
    toClient.set(form, name);
    return form;
  }

  function isAccepted(name: string): boolean {
    return name !== '' && name.length <= nameMax && !refused.test(name) && beginsWell(name);
  }

  function beginsWell(name: string): boolean {
    return begin === 'any' || /^[A-Za-z_]/u.test(name);
  }

  function changed(name: string, digested: string): string {
    const plain = name === '' ? 'tool' : name.replaceAll(refusedCharacter, '_');
    const letters = beginsWell(plain) ? plain : `_${plain}`;
    return `${letters.slice(0, nameMax - digestLength - 1)}_${shortHash(digested, digestLength)}`;
  }

  function meant(name: string): string | undefined {
    const exact = toClient.get(name);
    if (exact !== undefined) return exact;
    if (toBackend.has(name)) return name;
    const lower = name.toLowerCase();
    const alike = new Set(
      [...toClient].flatMap(([form, client]) =>
        form.toLowerCase() === lower || client.toLowerCase() === lower ? [client] : [],
      ),
    );
    const [only] = alike;
    return alike.size === 1 ? only : undefined;
  }

  const known = new Set(declared);
  return {
    // A copy: a name of the history must not keep the whole body alive while the answer streams.
    inward: (name) => toBackend.get(name) ?? add(copyText(name)),
    outward: (name) => meant(name) ?? meant(withoutNoise(name)) ?? name,
    original: (name) => toClient.get(name) ?? name,
    declares: (name) => known.has(name),
    knows: (name) => toBackend.has(name),
  };
}

/**
 * The backend's name for a call of the history. The client keeps names that a model invented, such as
 * `multi_tool_use.parallel`, and a backend that refuses one would refuse every later request.
 */
export function callName({ name, block }: HistoryCall, names: ToolNames, warnings: Warnings): string {
  const wanted = decodeText(name);
  const isFirst = !names.knows(wanted);
  const sent = names.inward(wanted);
  if (isFirst && sent !== wanted) {
    const text = 'The provider does not accept this tool name. Its calls were sent under another name.';
    warnings.add(`${block.path()}.name`, 'approximated', text);
  }
  return sent;
}
