import fc from 'fast-check';

const surrogates = { first: 0xd800, count: 0x800 };

/**
 * Every character of Unicode, as the `unit` of `fc.string`. Generates the same texts as fast-check's own `binary`, whose
 * table of a million characters takes a second to build in every test file.
 */
export const anyCharacter: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10ffff - surrogates.count })
  .map(toCharacter, toIndex);

function toCharacter(index: number): string {
  return String.fromCodePoint(index < surrogates.first ? index : index + surrogates.count);
}

function toIndex(value: unknown): number {
  const codePoint = typeof value === 'string' ? value.codePointAt(0) : undefined;
  if (codePoint === undefined || value !== String.fromCodePoint(codePoint)) throw new Error('This is no character.');
  if (codePoint < surrogates.first) return codePoint;
  const index = codePoint - surrogates.count;
  if (index < surrogates.first) throw new Error('Half a surrogate pair is no character.');
  return index;
}
