import { decodeText, RawText } from '@ccg/wire';
import { newInputScan, scanInput } from './input-scan.ts';
import type { InputScan } from './input-scan.ts';
import { textLiteral } from './text-literal.ts';

/** The arguments of one tool call as they come in: pieces of a JSON text, each the content of a string literal. */
export interface ToolInput {
  readonly pieces: string[];
  readonly scan: InputScan;
}

/** What the arguments of a call that has ended are. `literal` is their JSON text as a string literal's content. */
export type InputVerdict =
  | { readonly kind: 'empty' }
  | { readonly kind: 'object'; readonly literal: string }
  | { readonly kind: 'invalid' };

export function newToolInput(): ToolInput {
  return { pieces: [], scan: newInputScan() };
}

export function appendToolInput(input: ToolInput, literal: string): void {
  if (literal === '') return;
  input.pieces.push(literal);
  scanInput(input.scan, unescape(literal));
}

/** Whether the pieces can be shown as they come: anything but an object is looked at as a whole first. */
export function isStreamable({ scan }: ToolInput): boolean {
  return scan.first === '{';
}

/**
 * Judges arguments that have ended. No argument and `null` mean none; a string that holds the JSON text of an
 * object is unwrapped, since some servers encode twice; everything else that is not an object is invalid and is
 * not repaired, because a repaired call would be executed.
 */
export function judgeToolInput({ pieces, scan }: ToolInput): InputVerdict {
  if (scan.first === '') return { kind: 'empty' };
  if (scan.broken) return { kind: 'invalid' };
  const literal = pieces.join('');
  const value = parse(unescape(literal));
  if (value === null) return { kind: 'empty' };
  if (typeof value === 'string') return unwrap(literal);
  return isObject(value) ? { kind: 'object', literal } : { kind: 'invalid' };
}

function unwrap(literal: string): InputVerdict {
  const text = parse(decodeText(new RawText(literal, 0, literal.length)));
  if (typeof text !== 'string') return { kind: 'invalid' };
  if (text.trim() === '') return { kind: 'empty' };
  return isObject(parse(text)) ? { kind: 'object', literal: textLiteral(text) } : { kind: 'invalid' };
}

/** Only the structure counts here, so the bytes of non-ASCII text may stay as they are. */
function unescape(literal: string): string {
  if (!literal.includes('\\')) return literal;
  return String(parse(`"${literal}"`));
}

function parse(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    return value;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
