/** Quotes a word for a POSIX shell; `when-needed` leaves one alone that has nothing to quote. */
export function shellQuote(word: string, mode: 'always' | 'when-needed' = 'when-needed'): string {
  if (mode === 'when-needed' && /^[\w/:.@%+=,-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
