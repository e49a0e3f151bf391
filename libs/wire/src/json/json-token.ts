import { assertNever } from '@ccg/kernel';
import { BACKSLASH, DOT, MINUS, NINE, PLUS, QUOTE, SPACE, ZERO } from '../bytes.ts';

/** Where a number is read to, named by what was read last. */
export type NumberState = 'minus' | 'zero' | 'integer' | 'dot' | 'fraction' | 'e' | 'e sign' | 'exponent';

/** Whether a number may end in the state. */
export function mayEnd(state: string): boolean {
  return state === 'zero' || state === 'integer' || state === 'fraction' || state === 'exponent';
}

/** The state after one more byte; undefined where it is no part of the number. */
export function nextOfNumber(state: NumberState, byte: number): NumberState | undefined {
  const isDigit = byte >= ZERO && byte <= NINE;
  const isE = (byte | 0x20) === 0x65;
  switch (state) {
    case 'minus':
      return isDigit ? (byte === ZERO ? 'zero' : 'integer') : undefined;
    case 'zero':
    case 'integer':
      if (isDigit && state === 'integer') return state;
      return byte === DOT ? 'dot' : isE ? 'e' : undefined;
    case 'dot':
    case 'fraction':
      if (isDigit) return 'fraction';
      return isE && state === 'fraction' ? 'e' : undefined;
    case 'e':
      if (byte === PLUS || byte === MINUS) return 'e sign';
      return isDigit ? 'exponent' : undefined;
    case 'e sign':
    case 'exponent':
      return isDigit ? 'exponent' : undefined;
    default:
      return assertNever(state);
  }
}

export function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return (byte >= ZERO && byte <= NINE) || (lower >= 0x61 && lower <= 0x66);
}

/** The bytes that a string holds as they are: 1 for all but quotes, backslashes and control characters. */
export const plain = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < SPACE || byte === QUOTE || byte === BACKSLASH ? 0 : 1,
);
/** Collects the text of one token at a time, wherever the bytes are cut. */
export interface Literal {
  begin(at: number): void;
  /** The bytes end here, and the token goes on in the next ones. */
  cut(json: Buffer): void;
  /** Gives the token, or undefined where it is longer than the limit. */
  end(json: Buffer, at: number): string | undefined;
}

/** Keeps no more than the limit of a token that is longer. */
export function createLiteral(maxBytes: number): Literal {
  let from: number | undefined;
  let written = '';
  function take(json: Buffer, end: number): void {
    if (from === undefined) return;
    // One byte above the limit tells that the token is too long.
    written += json.toString('latin1', from, Math.min(end, from + maxBytes + 1 - written.length));
  }
  return {
    begin(at) {
      from = at;
      written = '';
    },
    cut(json) {
      take(json, json.length);
      if (from !== undefined) from = 0;
    },
    end(json, at) {
      take(json, at);
      from = undefined;
      return written.length > maxBytes ? undefined : written;
    },
  };
}
