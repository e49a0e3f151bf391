import { anyCharacter } from '@ccg/testkit';
import fc from 'fast-check';

/** What a slip of the hand, a cut or a lax producer puts into JSON. */
const slips = [
  '',
  ' ',
  ',',
  ':',
  '"',
  '\\',
  '[',
  ']',
  '{',
  '}',
  '0',
  '1',
  '-',
  '+',
  '.',
  'e',
  'E5',
  'u',
  'null',
  'true',
  'NaN',
  'Infinity',
  "'",
  '/*',
  '\t',
  '\n',
  '\f',
  '\v',
  '\u0000',
  '\u001f',
  '\u00a0',
  '\ufeff',
  '\u2028',
  'é',
  '\\u12',
  '\\x',
  '"a":1,',
  ',]',
  ',}',
];

/** Texts with every kind of character that JSON treats in its own way. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 24 }),
  fc.string({ unit: fc.constantFrom('a', '"', '\\', '/', '\n', '\t', '\u0000', '\u001f', '\u007f', 'é', '\u2028') }),
  fc.string({ unit: fc.constantFrom('\ud83d', '\ude00', '😀', 'x', '\ufeff') }),
  fc.string({ unit: 'grapheme-ascii', minLength: 60, maxLength: 90 }),
);

const anyNumber = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(
    -0,
    0,
    1e21,
    5e-324,
    1.7976931348623157e308,
    2 ** 53 + 1,
    999_999_999_999_999,
    1_234_567_890_123_456,
    1e20,
  ),
);

const anyKey = fc
  .oneof(anyText, fc.constantFrom('__proto__', 'constructor', 'input', 'toString', '', '0', '10', 'é'))
  // See backslashName.
  .filter((key) => key !== '\\');

/** Values as `JSON.parse` gives them, `__proto__` members and numeric names among them. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(anyText, anyNumber, fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(anyKey, tie('value')), { maxLength: 5 }).map(ownMembers),
  ),
})).value;

/** The same JSON value in many spellings: white space, escapes, exponents, duplicate names. */
export function spellings(value: unknown): fc.Arbitrary<string> {
  return fc.infiniteStream(fc.nat({ max: 0xffff })).map((choices) => {
    const choose = (below: number): number => Number(choices.next().value) % below;
    return spell(value, choose);
  });
}

/**
 * A member whose name is a single backslash. After such an object the JSON.parse of V8 13.6 reads other escaped names
 * of its shape as a backslash, too, and so it cannot say what is right.
 */
const backslashName = /"(?:\\\\|\\u005c)"\s*:/iu;

/** Any JSON text, as Unicode. */
export const anyJsonText: fc.Arbitrary<string> = anyJson.chain(spellings).filter((text) => !backslashName.test(text));

function ownMembers(entries: readonly (readonly [string, unknown])[]): unknown {
  return Object.fromEntries(entries);
}

function spell(value: unknown, choose: (below: number) => number): string {
  return `${spacing(choose)}${spellValue(value, choose)}${spacing(choose)}`;
}

function spellValue(value: unknown, choose: (below: number) => number): string {
  if (typeof value === 'string') return spellText(value, choose);
  if (typeof value === 'number') return spellNumber(value, choose);
  if (Array.isArray(value)) return `[${value.map((item) => spell(item, choose)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  const members = Object.entries(value).map(([key, member]) => spellMember(key, member, choose));
  const [first] = Object.keys(value);
  if (first !== undefined && choose(8) === 0) members.unshift(spellMember(first, 'overruled', choose));
  return `{${members.length === 0 ? spacing(choose) : members.join(',')}}`;
}

function spellMember(key: string, value: unknown, choose: (below: number) => number): string {
  return `${spacing(choose)}${spellText(key, choose)}${spacing(choose)}:${spell(value, choose)}`;
}

function spellText(text: string, choose: (below: number) => number): string {
  const escapeAll = choose(4) === 0;
  let out = '';
  for (const character of text) out += spellCharacter(character, escapeAll && choose(2) === 0);
  return `"${out}"`;
}

function spellCharacter(character: string, escaped: boolean): string {
  if (character === '/' && escaped) return '\\/';
  // A lone surrogate has no UTF-8 form; JSON.stringify escapes it.
  if (!escaped) return JSON.stringify(character).slice(1, -1);
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

function spellNumber(value: number, choose: (below: number) => number): string {
  const plain = Object.is(value, -0) ? '-0' : String(value);
  switch (choose(4)) {
    case 0:
      return value.toExponential().replace('e', 'E');
    case 1:
      return Number.isInteger(value) && !plain.includes('e') ? `${plain}.000e+00` : plain;
    default:
      return plain;
  }
}

function spacing(choose: (below: number) => number): string {
  return choose(3) === 0 ? ([' ', '\n', '\r\n', '\t', '  \n\t'][choose(5)] ?? '') : '';
}

/** Texts one slip away from JSON, many of them still JSON. */
export const mutatedJsonText: fc.Arbitrary<string> = fc
  .tuple(anyJsonText, fc.nat(), fc.nat({ max: 3 }), fc.constantFrom(...slips))
  .map(([text, place, deleted, inserted]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + inserted + text.slice(at + deleted);
  })
  .filter((text) => !backslashName.test(text));

/** Equality of what `JSON.parse` gives: order of names, `-0` and own `__proto__` members count. */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return Object.is(one, other);
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const entries = Object.entries(one);
  const others = Object.entries(other);
  return (
    entries.length === others.length &&
    entries.every(([key, value], index) => key === others[index]?.[0] && isSameJson(value, others[index]?.[1]))
  );
}
