/** Bytes of an event, in which the number of the event may stand. */
interface Numbered {
  readonly before: string;
  /** Undefined where there is no number. */
  readonly after: string | undefined;
}

/**
 * The bytes around the text of a delta. The deltas of one part differ only in that text and in their number, so later ones
 * are recognised by the template and their text is copied without parsing.
 */
export interface DeltaTemplate {
  readonly head: Numbered;
  readonly tail: Numbered;
}

const member = '"delta":"';
const numberName = /"sequence_number": ?\d+/u;

/** The template of an event whose text is this literal. Undefined where its place is not certain. */
export function learnDelta(json: string, literal: string): DeltaTemplate | undefined {
  const start = json.indexOf(member) + member.length;
  const end = start + literal.length;
  if (start < member.length || json.indexOf(member, start) !== -1) return undefined;
  if (json.slice(start, end) !== literal || json[end] !== '"') return undefined;
  return { head: numbered(json.slice(0, start)), tail: numbered(json.slice(end)) };
}

/** The text of a delta of this form; undefined for any other event, and for a text that is not plain ASCII. */
export function matchDelta({ head, tail }: DeltaTemplate, data: string): string | undefined {
  const start = endOf(head, data, 0);
  if (start === undefined) return undefined;
  let end = start;
  for (let code = data.charCodeAt(end); code !== 0x22; code = data.charCodeAt(end)) {
    // Escapes and other characters are for the parser, and so is what has no end.
    if (!(code >= 0x20 && code < 0x7f) || code === 0x5c) return undefined;
    end += 1;
  }
  return endOf(tail, data, end) === data.length ? data.slice(start, end) : undefined;
}

function numbered(text: string): Numbered {
  const found = numberName.exec(text);
  if (found === null) return { before: text, after: undefined };
  const digits = /\d+$/u.exec(found[0])?.[0].length ?? 0;
  const at = found.index + found[0].length;
  return { before: text.slice(0, at - digits), after: text.slice(at) };
}

/** Where the bytes end that begin at this place; undefined where others stand there. */
function endOf({ before, after }: Numbered, data: string, from: number): number | undefined {
  let at = from + before.length;
  if (data.slice(from, at) !== before) return undefined;
  if (after === undefined) return at;
  const first = at;
  while (data.charCodeAt(at) >= 0x30 && data.charCodeAt(at) <= 0x39) at += 1;
  const end = at + after.length;
  return at > first && data.slice(at, end) === after ? end : undefined;
}
