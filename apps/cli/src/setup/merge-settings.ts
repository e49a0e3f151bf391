import { jsonAt } from '../json.ts';
import type { SettingsChange } from './claude-settings.ts';
import { editObject, layoutOf, memberText } from './edit-json.ts';
import type { Edit, Layout } from './edit-json.ts';

export type Merged =
  | { readonly kind: 'merged'; readonly text: string; readonly removed: readonly string[] }
  | { readonly kind: 'unchanged' }
  /** The file is not one of settings; it stays as it is. */
  | { readonly kind: 'unreadable'; readonly reason: string };

type Members = Readonly<Record<string, unknown>>;

/** What some editors begin a file with, and no JSON parser takes. */
const byteOrderMark = '\uFEFF';

/** Puts the change into the text of a settings file. Everything else in it stays as it is written. */
export function mergeSettings(text: string, change: SettingsChange): Merged {
  if (!text.startsWith(byteOrderMark)) return mergeText(text, change);
  const merged = mergeText(text.slice(byteOrderMark.length), change);
  return merged.kind === 'merged' ? { ...merged, text: byteOrderMark + merged.text } : merged;
}

function mergeText(text: string, change: SettingsChange): Merged {
  const read = readSettings(text);
  if (read.kind === 'unreadable') return read;
  const { apiKeyHelper } = change;
  const outer =
    apiKeyHelper === undefined
      ? editOf(read.settings, {}, ['apiKeyHelper'])
      : editOf(read.settings, { apiKeyHelper }, []);
  const env = editOf(membersAt(read.settings, 'env'), change.env, change.removedEnv);
  if (isEmpty(outer) && isEmpty(env)) return { kind: 'unchanged' };
  const removed = [...env.remove.map((name) => `env.${name}`), ...outer.remove];
  return { kind: 'merged', text: edit(text.trim() === '' ? '{}\n' : text, outer, env), removed };
}

/** A member of the settings, such as `env`, `ANTHROPIC_MODEL`; undefined in a file that is not one of settings. */
export function settingAt(text: string, ...path: readonly string[]): string | undefined {
  const read = readSettings(text.startsWith(byteOrderMark) ? text.slice(byteOrderMark.length) : text);
  const value = read.kind === 'read' ? jsonAt(read.settings, ...path) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function edit(text: string, outer: Edit, envEdit: Edit): string {
  const layout = layoutOf(text, { lineStart: '\n  ', lastLineStart: '\n' });
  if (isEmpty(envEdit)) return editObject(text, outer, layout);
  const env = memberText(text, 'env');
  const before = env === undefined || env === 'null' ? '{}' : env;
  const after = editObject(before, envEdit, layoutOf(before, layoutWithin(layout)));
  return editObject(text, { ...outer, set: [['env', after], ...outer.set] }, layout);
}

function layoutWithin({ lineStart }: Layout): Layout {
  if (lineStart === undefined) return { lineStart, lastLineStart: '' };
  const indentation = lineStart.replace(/^\r?\n/u, '');
  return { lineStart: lineStart + indentation, lastLineStart: lineStart };
}

/** What leads from the members to those that are wanted, with none of the unwanted. */
function editOf(members: Members, wanted: Readonly<Record<string, string>>, unwanted: readonly string[]): Edit {
  return {
    set: Object.entries(wanted).flatMap(([name, value]) =>
      members[name] === value ? [] : [[name, JSON.stringify(value)] as const],
    ),
    remove: unwanted.filter((name) => name in members && !(name in wanted)),
  };
}

function isEmpty({ set, remove }: Edit): boolean {
  return set.length + remove.length === 0;
}

function readSettings(
  text: string,
): { readonly kind: 'read'; readonly settings: Members } | { readonly kind: 'unreadable'; readonly reason: string } {
  if (text.trim() === '') return { kind: 'read', settings: {} };
  let settings: unknown;
  try {
    settings = JSON.parse(text);
  } catch {
    // The message of the parser quotes the text, and a credential may stand in it.
    return { kind: 'unreadable', reason: 'is not valid JSON' };
  }
  if (!isMembers(settings)) return { kind: 'unreadable', reason: 'holds no JSON object' };
  const env = settings['env'] ?? undefined;
  if (env !== undefined && !isMembers(env)) {
    return { kind: 'unreadable', reason: 'has an "env" that is no JSON object' };
  }
  return { kind: 'read', settings };
}

function membersAt(settings: Members, name: string): Members {
  const members = settings[name];
  return isMembers(members) ? members : {};
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
