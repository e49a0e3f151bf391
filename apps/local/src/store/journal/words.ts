/** A list of byte strings of any content: what every change of the store is written as. */
export type Words = readonly Buffer[];

/** What may stand for a word where a list is made; a number is written as JavaScript prints it, which loses nothing. */
export type Word = Buffer | string | number | undefined;

const lengthBytes = 4;
const nothing = Buffer.alloc(0);

/** `undefined` becomes an empty word: where it may stand, an empty word means nothing else. */
export function toWords(words: readonly Word[]): Words {
  return words.map((word) => {
    if (word === undefined) return nothing;
    if (typeof word === 'number') return Buffer.from(Object.is(word, -0) ? '-0' : String(word));
    return typeof word === 'string' ? Buffer.from(word) : word;
  });
}

/** Lists of words in one piece: of each list the number of its words, then of each word its length and its bytes. */
export function packWords(lists: readonly Words[]): Buffer {
  let size = 0;
  for (const words of lists) for (const word of [nothing, ...words]) size += lengthBytes + word.length;
  const packed = Buffer.allocUnsafe(size);
  let at = 0;
  for (const words of lists) {
    at = packed.writeUInt32LE(words.length, at);
    for (const word of words) {
      at = packed.writeUInt32LE(word.length, at);
      at += word.copy(packed, at);
    }
  }
  return packed;
}

/** The lists that `packWords` was given. The words share the memory of `packed`. */
export function unpackWords(packed: Buffer): readonly Words[] {
  const lists: Words[] = [];
  let at = 0;
  const readNumber = (): number => {
    const number = packed.readUInt32LE(at);
    at += lengthBytes;
    return number;
  };
  while (at < packed.length) {
    const words = Array.from({ length: readNumber() }, () => {
      const length = readNumber();
      const word = packed.subarray(at, at + length);
      at += length;
      return word;
    });
    lists.push(words);
  }
  return lists;
}

/** Takes words from a list, one after the other. */
export interface WordReader {
  next(): Buffer;
  text(): string;
  number(): number;
  /** `undefined` for an empty word. */
  optionalNumber(): number | undefined;
  /** Reads a number, and then as many items. */
  many<T>(read: () => T): T[];
}

/** Throws a RangeError when more is read than there is. */
export function readWords(words: Words, start = 0): WordReader {
  let at = start;
  const next = (): Buffer => {
    const word = words[at];
    if (word === undefined) throw new RangeError('a change ends too early');
    at += 1;
    return word;
  };
  const text = (): string => next().toString();
  const number = (): number => Number(text());
  return {
    next,
    text,
    number,
    optionalNumber() {
      const word = text();
      return word === '' ? undefined : Number(word);
    },
    many: (read) => Array.from({ length: number() }, read),
  };
}
