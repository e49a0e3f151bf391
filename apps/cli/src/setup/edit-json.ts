import { readMembers } from '@ccg/wire';

/** Changes of the members of one object. Values are JSON. */
export interface Edit {
  readonly set: readonly (readonly [name: string, json: string])[];
  readonly remove: readonly string[];
}

/** How the members of an object stand in the text. */
export interface Layout {
  /** Before each member; undefined where all stand in one line. */
  readonly lineStart: string | undefined;
  /** Before the closing brace. */
  readonly lastLineStart: string;
}

/**
 * Changes members of a JSON object in its text. Every other byte stays: the numbers, escapes and line breaks of members
 * that somebody else wrote. New members come last.
 */
export function editObject(text: string, { set, remove }: Edit, layout: Layout): string {
  const without = remove.reduce(removeMember, text);
  return set.reduce((before, [name, json]) => setMember(before, name, json, layout), without);
}

/** The text of a member's value, and undefined where there is no such member. */
export function memberText(text: string, name: string): string | undefined {
  const { bytes, members } = scan(text);
  const member = members.findLast(({ key }) => key === name);
  return member === undefined ? undefined : sliced(bytes, member.start, member.end);
}

/** The layout of an object as it stands, or the given one of an empty object. */
export function layoutOf(text: string, whenEmpty: Layout): Layout {
  if (scan(text).members.length === 0) return whenEmpty;
  const lineStart = /^\s*\{[ \t]*(\r?\n[ \t]*)/u.exec(text)?.[1];
  const lastLineStart = /(\r?\n[ \t]*)\}\s*$/u.exec(text)?.[1] ?? '';
  return { lineStart, lastLineStart };
}

function setMember(text: string, name: string, json: string, { lineStart, lastLineStart }: Layout): string {
  const { bytes, members } = scan(text);
  // Of two members with one name, readers take the last.
  const old = members.findLast(({ key }) => key === name);
  if (old !== undefined) return sliced(bytes, 0, old.start) + json + sliced(bytes, old.end);
  const last = members.at(-1);
  const member = `${JSON.stringify(name)}: ${json}`;
  if (last !== undefined) {
    return `${sliced(bytes, 0, last.end)},${lineStart ?? ' '}${member}${sliced(bytes, last.end)}`;
  }
  const brace = text.indexOf('{');
  const rest = text.slice(text.lastIndexOf('}'));
  return `${text.slice(0, brace + 1)}${lineStart ?? ''}${member}${lineStart === undefined ? '' : lastLineStart}${rest}`;
}

function removeMember(text: string, name: string): string {
  const { bytes, members } = scan(text);
  const at = members.findLastIndex(({ key }) => key === name);
  const member = members[at];
  if (member === undefined) return text;
  const before = members[at - 1]?.end ?? bytes.indexOf('{') + 1;
  const isFirstOfSeveral = at === 0 && members.length > 1;
  // The comma goes with the member: the one before it, or of the first member the one behind it.
  const end = isFirstOfSeveral ? bytes.indexOf(',', member.end) + 1 : member.end;
  return removeMember(sliced(bytes, 0, before) + sliced(bytes, end), name);
}

function scan(text: string) {
  const bytes = Buffer.from(text);
  return { bytes, members: readMembers(bytes, { start: 0, end: bytes.length }) };
}

function sliced(bytes: Buffer, start: number, end?: number): string {
  return bytes.toString('utf8', start, end);
}
