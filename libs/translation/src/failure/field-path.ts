import type { Loose } from './loose-json.ts';

/** What servers put before the path of a member of the body. */
const prefixes: ReadonlySet<string> = new Set([
  'body',
  '$',
  'root',
  'request',
  'request_body',
  'params',
  'parameter',
  'json',
]);
/** The kind of a message, which validators name between its index and its member. */
const roles: ReadonlySet<string> = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function']);

/**
 * A path in the one form that `UpstreamCause` has: `messages[1].reasoning_content`. Takes what servers write for it,
 * a list of steps (`["body", "messages", 1, "assistant", "name"]`) or a text (`body.messages.1.name`, `/messages/1/name`,
 * `$.messages[1].name`). Undefined for what is no path.
 */
export function fieldPath(stated: Loose | undefined): string | undefined {
  const steps = stepsOf(stated);
  if (steps === undefined) return undefined;
  const start = steps.findIndex((step) => !prefixes.has(step));
  // `input` is what validators call the body, unless it is a member itself.
  const named = steps[start] === 'input' && steps.length > start + 1 ? start + 1 : start;
  const path = (named === -1 ? [] : steps.slice(named)).filter(isStep);
  if (path.length === 0) return undefined;
  return path.map((step, at) => (isIndex(step) ? `[${step}]` : `${at === 0 ? '' : '.'}${step}`)).join('');
}

/**
 * The text with the arrows in its paths as dots: `body -> messages -> 1 -> name` becomes `body.messages.1.name`.
 */
export function plainPaths(text: string): string {
  return text
    .replace(/(?<![\w>-])[a-z_]\w{0,40}(?: -> [\w-]{1,60}){1,12}/gu, (path) => path.replaceAll(' -> ', '.'))
    .replace(/(?<![\w>-])(messages|contents|input|tools) > (\d{1,6}) > (?=[a-z_])/gu, '$1.$2.');
}

/** The names in a path, without its indexes. */
export function namesOf(path: string): readonly string[] {
  return path.split(/[.[\]]+/u).filter((step) => step !== '' && !isIndex(step));
}

function stepsOf(stated: Loose | undefined): readonly string[] | undefined {
  if (typeof stated === 'string') return splitPath(stated.trim());
  if (!Array.isArray(stated)) return undefined;
  const steps = stated.filter((step) => typeof step === 'string' || typeof step === 'number').map(String);
  return steps.length === stated.length ? steps.flatMap((step) => splitPath(step) ?? []) : undefined;
}

/** Undefined where it reads like a sentence. */
function splitPath(text: string): readonly string[] | undefined {
  if (text.length > 200 || !/^[\w$/#.[\]'"`-]+$/u.test(text)) return undefined;
  return text.split(/[./#[\]'"`]+/u).filter((step) => step !== '');
}

function isStep(step: string, at: number, steps: readonly string[]): boolean {
  const before = steps[at - 1];
  const isKind = steps[0] === 'messages' && before !== undefined && isIndex(before) && at < steps.length - 1;
  return !(isKind && roles.has(step));
}

function isIndex(step: string): boolean {
  return /^\d+$/u.test(step);
}
