import { copyText } from '@ccg/wire';
import { shortHash } from './short-hash.ts';

/**
 * The names of one request's tools on both sides. A name is never given another case or other letters on its way to
 * the backend; one that is too long is cut, with a digest of the whole at its end.
 */
export interface ToolNames {
  /** The backend's name for the client's. */
  inward(name: string): string;
  /** The client's name for what the backend called: the declared tool that is meant, or the name as it came. */
  outward(name: string): string;
  /** Whether the client declared a tool of this name. */
  declares(name: string): boolean;
}

const digestLength = 8;
/** What models put before or after a name that they were given without it. */
const noise = /^(?:functions[.:]|default_api[.:]|tools?[.:])|<\|.*$/gu;

/** `declared` are the client's names in the order of its tools; no backend name stands for two of them. */
export function createToolNames(declared: readonly string[], nameMax: number): ToolNames {
  const toBackend = new Map<string, string>();
  const toClient = new Map<string, string>();
  const short = declared.filter((name) => name.length <= nameMax);
  // A cut name gives way to a declared one that happens to look like it.
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
