/** What a run of characters is made of. */
export const classes = {
  letter: 0,
  digit: 1,
  space: 2,
  mark: 3,
  /** Letters and signs beyond ASCII, up to U+2E7F. */
  foreign: 4,
  /** From U+2E80 on: Han, full-width forms, emoji, and what else lives up there. */
  wide: 5,
  /** Kana and Hangul. */
  syllable: 6,
  /** There is no character. */
  end: 7,
} as const;

const digitsPerToken = 3;
const firstWide = 0x2e80;

const asciiClasses = Uint8Array.from({ length: 128 }, (_, code) => asciiClass(code));

export function classAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code < 0x80) return asciiClasses[code] ?? classes.letter;
  if (code < firstWide) return isQuoteOrDash(code) ? classes.mark : classes.foreign;
  if (at >= text.length) return classes.end;
  return isSyllable(code) ? classes.syllable : classes.wide;
}

function asciiClass(code: number): number {
  if (code === 0x20 || (code >= 0x09 && code <= 0x0d)) return classes.space;
  if (code >= 0x30 && code <= 0x39) return classes.digit;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a ? classes.letter : classes.mark;
}

/** The general punctuation that is no white space: curly quotes, dashes, bullets, the ellipsis. */
function isQuoteOrDash(code: number): boolean {
  return (code >= 0x2010 && code <= 0x2027) || (code >= 0x2030 && code <= 0x205e);
}

function isSyllable(code: number): boolean {
  return (code >= 0x3040 && code <= 0x30ff) || (code >= 0xac00 && code <= 0xd7af);
}

export function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

/** Whether runs of the class merge with each other: the tokenizer has words of punctuation and white space mixed. */
export function isSpacing(runClass: number): boolean {
  return runClass === classes.space || runClass === classes.mark;
}

/** What counts by characters, apart from tokens. */
export interface Runs {
  marks: number;
  digits: number;
  syllables: number;
}

export function noRuns(): Runs {
  return { marks: 0, digits: 0, syllables: 0 };
}

export function addRun(runs: Runs, runClass: number, length: number): void {
  if (runClass === classes.digit) runs.digits += length - Math.ceil(length / digitsPerToken);
  else if (runClass === classes.mark) runs.marks += length - 1;
  else if (runClass === classes.syllable) runs.syllables += length;
}
