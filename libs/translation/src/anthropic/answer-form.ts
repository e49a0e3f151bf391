/** What an answer is, by its first byte that is not blank. Labels are often wrong. */
export type AnswerForm =
  | { readonly kind: 'undecided' }
  | { readonly kind: 'document' | 'events'; readonly bytes: Uint8Array };

/** Tells the form of an answer by its first bytes, of which the blank ones are left out. */
export function readForm(bytes: Uint8Array): AnswerForm {
  const start = bytes.findIndex((byte) => !blanks.has(byte));
  if (start < 0) return { kind: 'undecided' };
  const kind = brackets.has(bytes[start] ?? 0) ? 'document' : 'events';
  return { kind, bytes: start === 0 ? bytes : bytes.subarray(start) };
}

/** The same for a byte string. */
export function beginsDocument(text: string): boolean {
  return /^\s*[{[]/u.test(text);
}

/** White space, and the bytes of a byte order mark. */
const blanks: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d, 0x20, 0xef, 0xbb, 0xbf]);
const brackets: ReadonlySet<number> = new Set([0x5b, 0x7b]);
