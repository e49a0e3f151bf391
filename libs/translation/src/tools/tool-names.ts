import { copyText } from '@ccg/wire';
import { shortHash } from './short-hash.ts';

/**
 * The names of one request's tools on both sides. Case and letters of a name never change; a name that is too long is
 * cut and gets a hash of the whole name at its end.
 */
export interface ToolNames {
  /** The backend's name for the client's. */
  inward(name: string): string;
  /** The client's name for the tool that the backend called: the declared tool that it means, or the name as it is. */
  outward(name: string): string;
  /** Whether the client declared a tool of this name. */
  declares(name: string): boolean;
}

const digestLength = 8;
/** Prefixes and suffixes that models add to names. */
const noise = /^(?:functions[.:]|default_api[.:]|tools?[.:])|<\|.*$/gu;

/** `declared` are the client's names in the order of its tools. Each gets a backend name of its own. */
export function createToolNames(declared: readonly string[], nameMax: number): ToolNames {
  const toBackend = new Map<string, string>();
  const toClient = new Map<string, string>();
  const short = declared.filter((name) => name.length <= nameMax);
  // If a cut name is equal to a declared name, the cut name changes.
  for (const name of [...short, ...declared]) if (!toBackend.has(name)) add(name);

  function add(name: string): string {
    let form = name.length <= nameMax ? name : cut(name, name);
    for (let turn = 1; toClient.has(form); turn += 1) form = cut(name, `${name}#${turn}`);
    toBackend.set(name, form);
    toClient.set(form, name);
    return form;
  }

  function cut(name: string, digested: string): string {
    return `${name.slice(0, nameMax - digestLength - 1)}_${shortHash(digested, digestLength)}`;
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
    outward: (name) => meant(name) ?? meant(name.replaceAll(noise, '')) ?? name,
    declares: (name) => known.has(name),
  };
}
