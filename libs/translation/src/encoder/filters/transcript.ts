/** What was said so far, in pieces: contents of JSON string literals. A text may be compared with it from any place on. */
export interface Transcript {
  add(literal: string): void;
  isEmpty(): boolean;
  /** Undefined once it became too long to keep. */
  all(): string | undefined;
  start(): Place;
  end(): Place;
  isEnd(place: Place): boolean;
  /** How much of the text repeats what was said from that place on, and the place after it. */
  match(place: Place, literal: string): { readonly length: number; readonly place: Place };
}

/** A place between two characters. */
export interface Place {
  readonly piece: number;
  readonly offset: number;
}

/** No answer is that long. */
const keptMaxLength = 16 * 1024 * 1024;

export function createTranscript(): Transcript {
  let pieces: string[] = [];
  let length = 0;

  function isEnd({ piece, offset }: Place): boolean {
    return piece >= pieces.length || (piece === pieces.length - 1 && offset >= (pieces[piece]?.length ?? 0));
  }

  return {
    add(literal) {
      length += literal.length;
      if (length > keptMaxLength) pieces = [];
      else if (literal !== '') pieces.push(literal);
    },
    isEmpty: () => length === 0,
    all: () => (length > keptMaxLength ? undefined : pieces.join('')),
    start: () => ({ piece: 0, offset: 0 }),
    end: () => ({ piece: pieces.length, offset: 0 }),
    isEnd,
    match(place, literal) {
      let { piece, offset } = place;
      let at = 0;
      while (at < literal.length && piece < pieces.length) {
        const current = pieces[piece] ?? '';
        if (offset === current.length) [piece, offset] = [piece + 1, 0];
        else if (current.charCodeAt(offset) === literal.charCodeAt(at)) [at, offset] = [at + 1, offset + 1];
        else break;
      }
      return { length: at, place: { piece, offset } };
    },
  };
}
