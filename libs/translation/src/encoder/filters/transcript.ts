import { decodeLiteral, textLiteral } from '../../json-literal.ts';

/** What was said so far: contents of JSON string literals. A place in it is a number of characters from the start. */
export interface Transcript {
  add(literal: string): void;
  length(): number;
  /** Undefined once it became too long to keep. */
  all(): string | undefined;
  /** How many characters of the text repeat what was said from that place on. */
  match(place: number, literal: string): number;
}

/** No answer is that long. */
const keptMaxLength = 16 * 1024 * 1024;
/** So many pieces are put together: one for each token would be many small strings in memory. */
const piecesMax = 256;

export function createTranscript(): Transcript {
  let blocks: { readonly start: number; readonly text: string }[] = [];
  let pieces: string[] = [];
  let length = 0;

  function join(): void {
    const text = pieces.join('');
    pieces = [];
    if (text !== '') blocks.push({ start: length - text.length, text });
  }

  return {
    add(literal) {
      length += literal.length;
      if (length > keptMaxLength) [blocks, pieces] = [[], []];
      else if (pieces.push(literal) >= piecesMax) join();
    },
    length: () => length,
    all() {
      join();
      return length > keptMaxLength ? undefined : blocks.map(({ text }) => text).join('');
    },
    match(place, literal) {
      join();
      let at = 0;
      let index = blocks.findLastIndex(({ start }) => start <= place);
      for (let block = blocks[index]; block !== undefined && at < literal.length; block = blocks[(index += 1)]) {
        const offset = place + at - block.start;
        const count = Math.min(block.text.length - offset, literal.length - at);
        const same = commonLength(block.text, offset, literal, at, count);
        at += same;
        if (same < count) break;
      }
      return at;
    },
  };
}

function commonLength(one: string, from: number, other: string, at: number, count: number): number {
  for (let same = 0; same < count; same += 1) {
    if (one.charCodeAt(from + same) !== other.charCodeAt(at + same)) return same;
  }
  return count;
}

/** What the whole has beyond what was said, as the content of a string literal. Undefined if the two differ. */
export function beyond(said: Transcript, whole: string): string | undefined {
  const all = said.all();
  if (all === whole) return '';
  return all === undefined ? undefined : lacking(decodeLiteral(all), decodeLiteral(whole));
}

/** What the whole has after what was said, as the content of a string literal. White space around either counts for nothing. */
export function lacking(said: string | undefined, whole: string | undefined): string | undefined {
  if (said === undefined || whole === undefined) return undefined;
  if (whole.startsWith(said)) return textLiteral(whole.slice(said.length));
  const [told, all] = [said.trim(), whole.trim()];
  if (all.startsWith(told)) return textLiteral(all.slice(told.length));
  return told.startsWith(all) ? '' : undefined;
}
