import fc from 'fast-check';
import { encodeText, stringToBytes } from '../src/bytes.ts';

export interface ChunkedStream {
  readonly whole: Uint8Array;
  readonly chunks: readonly Uint8Array[];
}

const lineEnds = ['\n', '\r\n', '\r', '\n\n', '\r\n\r\n', '\r\r', '\n\r\n', '\n\r'];
const lines = ['data: x', 'data:é😀', 'data', 'event: a', 'event', ': c', 'id: 1', 'data: {"a":"b"}', 'junk', ''];

/** Streams of events with every line end, comments and unfinished ends, some after a byte order mark. */
export const streamTexts: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom('', '', '\ufeff'),
    fc.array(fc.tuple(fc.constantFrom(...lines), fc.constantFrom(...lineEnds)), { maxLength: 12 }),
    fc.constantFrom('', '', 'data: tail', '\r', '\n'),
  )
  .map(([mark, body, tail]) => mark + body.flat().join('') + tail);

/** The text's bytes, whole and cut anywhere, empty chunks among them. */
export function chunkings(text: string): fc.Arbitrary<ChunkedStream> {
  const whole = stringToBytes(encodeText(text));
  return fc.array(fc.nat({ max: whole.length }), { maxLength: 10 }).map((places) => {
    const cuts = [0, ...places.sort((one, other) => one - other), whole.length];
    const chunks = cuts.slice(1).map((cut, index) => whole.subarray(cuts[index] ?? 0, cut));
    return { whole, chunks };
  });
}
