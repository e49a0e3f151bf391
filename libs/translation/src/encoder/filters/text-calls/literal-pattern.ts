import { encodeText } from '@ccg/wire';

/** Finds a text in the content of a string literal, in whichever way its characters are escaped there. */
export function literalPattern(text: string, flags: 'u' | 'gu' = 'u'): RegExp {
  return new RegExp(units(text).join(''), flags);
}

/** Finds the beginning of one of the texts at the end of the content of a string literal. */
export function beginningAtEnd(texts: readonly string[]): RegExp {
  const beginnings = texts.map((text) => units(text).reduceRight((rest, unit) => `${unit}(?:${rest})?`, ''));
  return new RegExp(`(?:${beginnings.join('|')})$`, 'u');
}

function units(text: string): string[] {
  return Array.from(text, unitOf);
}

/** A backslash before an escape may itself be escaped, and then it is none. */
const unescaped = String.raw`(?<=(?<!\\)(?:\\\\)*)`;

function unitOf(character: string): string {
  switch (character) {
    case '<':
      return String.raw`(?:<|${unescaped}\\u003[cC])`;
    case '>':
      return String.raw`(?:>|\\u003[eE])`;
    case '/':
      return String.raw`\\?/`;
    case '[':
    case ']':
    case '|':
      return `\\${character}`;
    default:
      return character > '\u007f' ? `(?:${encodeText(character)}|${escapeOf(character)})` : character;
  }
}

function escapeOf(character: string): string {
  const digits = Array.from(character.charCodeAt(0).toString(16).padStart(4, '0'));
  return `\\\\u${digits.map((digit) => `[${digit}${digit.toUpperCase()}]`).join('')}`;
}
