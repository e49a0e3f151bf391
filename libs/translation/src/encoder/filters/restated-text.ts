/**
 * A text, and deltas after it that each begin with all of the text before them. They are either pieces of an answer that
 * repeats itself, or the whole text so far, told again and again.
 */
export interface Restatement {
  readonly said: string;
  /** In how many deltas that came. */
  readonly pieces: number;
  /** The deltas in question: at least one. */
  readonly wholes: readonly string[];
  /** Whether something else came between, such as a call. */
  readonly isApart: boolean;
}

/** Whether the deltas are wholes beyond doubt, although more of them may come. */
export function isCertain(restatement: Restatement): boolean {
  const { growths, bytes } = weigh(restatement);
  return beginsSpaced(restatement) ? growths >= 8 && bytes >= 512 : growths >= 4 && bytes >= 64;
}

/**
 * Whether the deltas are wholes, judged when no more of them come. As pieces they would be a text that begins with itself,
 * again and again: each delta exactly where the text begins anew. "ha", "haha" may be such a text, and so may lines of which
 * each is longer than the one before. "Hello", "Hello world" is none, since no space stands between the two.
 */
export function areWholes(restatement: Restatement, isLast: boolean): boolean {
  const { said, pieces, wholes, isApart } = restatement;
  const grown = pieces === 1 && (wholes.at(-1) ?? '').length > said.length;
  return grown ? isChain(restatement) : isRepetition(said, wholes, { pieces, isApart, isLast });
}

/** Texts of which each goes on where the one before ended, from the first delta on. */
function isChain(restatement: Restatement): boolean {
  const { growths, bytes, gluedBytes, hasSpaces } = weigh(restatement);
  if (beginsSpaced(restatement)) return growths >= 8 && bytes >= 512;
  if (gluedBytes >= 5 || growths >= 5 || (growths >= 3 && bytes >= 24)) return true;
  return !hasSpaces && growths >= 2 && bytes >= 20;
}

/** All of the text once more, perhaps with its end. */
function isRepetition(
  said: string,
  [whole = '']: readonly string[],
  { pieces, isApart, isLast }: Pick<Restatement, 'pieces' | 'isApart'> & { readonly isLast: boolean },
): boolean {
  const bytes = Buffer.byteLength(said);
  if (isPeriodic(said, said.length / 2)) return false;
  const joint = jointOf(said, whole);
  if (isApart) return bytes >= 16 && (pieces > 1 || isLast);
  if (pieces === 1) return joint === 'glued' && bytes >= 16;
  const hasMore = whole.length > said.length;
  switch (joint) {
    case 'glued':
      return bytes >= (hasMore ? 16 : 5);
    case 'close':
      return bytes >= (hasMore ? 24 : 12);
    case 'spaced':
      // Lines may well come twice, but not first in many pieces and then in one.
      return pieces >= 16 && bytes >= 32;
  }
}

interface Evidence {
  /** How many of the deltas go on with something new, which is more than the same once more. */
  readonly growths: number;
  /** How much of the text they say again. */
  readonly bytes: number;
  /** The part of it that would follow what is before it without the space that belongs there. */
  readonly gluedBytes: number;
  readonly hasSpaces: boolean;
}

function weigh({ said, wholes, isApart }: Restatement): Evidence {
  let [growths, bytes, gluedBytes, hasSpaces] = [0, 0, 0, false];
  let before = said;
  for (const [at, whole] of wholes.entries()) {
    if (whole.length > before.length && !isPeriodic(whole, Math.max(before.length, whole.length / 2))) {
      const joint = isApart && at === 0 ? 'spaced' : jointOf(before, whole);
      const size = Buffer.byteLength(before);
      growths += 1;
      bytes += size;
      hasSpaces ||= joint === 'spaced';
      if (joint === 'glued') gluedBytes += size;
    }
    before = whole;
  }
  return { growths, bytes, gluedBytes, hasSpaces };
}

/** Lines of which each begins like the one before, with the line end in front, are ordinary text. */
function beginsSpaced({ said }: Restatement): boolean {
  return /^\s/u.test(said);
}

/** A letter of a script that puts spaces between its words. */
const letter =
  /^(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}])\p{L}/u;
const sentenceEnd = /^[.!?…]$/u;

/**
 * How the whole would stand behind the text if it were a piece: after a space, glued to a word or sentence that has no
 * space after it, or neither.
 */
function jointOf(before: string, whole: string): 'spaced' | 'glued' | 'close' {
  const last = before.at(-1) ?? '';
  const next = whole.at(before.length);
  if (/^\s/u.test(whole) || /\s$/u.test(last)) return 'spaced';
  if (!letter.test(whole)) return 'close';
  // What has a space after it within the whole would have one here, too.
  const ends = next === undefined ? sentenceEnd.test(last) : /^\s/u.test(next);
  return letter.test(last) || ends ? 'glued' : 'close';
}

/** Longer texts are not compared with themselves. */
const comparedMax = 64 * 1024;

/** Whether a text is the same few characters again and again: at most so many. */
function isPeriodic(text: string, periodMax: number): boolean {
  if (text.length > comparedMax) return false;
  // The length of the longest beginning that is also the end, for every beginning of the text.
  const borders = new Uint32Array(text.length);
  for (let at = 1, length = 0; at < text.length; at += 1) {
    while (length > 0 && text.charCodeAt(at) !== text.charCodeAt(length)) length = borders[length - 1] ?? 0;
    if (text.charCodeAt(at) === text.charCodeAt(length)) length += 1;
    borders[at] = length;
  }
  return text.length - (borders[text.length - 1] ?? 0) <= periodMax;
}
