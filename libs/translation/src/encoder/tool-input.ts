import { decodeText, RawText } from '@ccg/wire';
import { decodeLiteral, textLiteral } from '../json-literal.ts';

/** The arguments of one tool call as they come in: pieces of a JSON text, each the content of a string literal. */
export interface ToolInput {
  readonly pieces: string[];
  /** Of all pieces. */
  length: number;
  readonly scan: InputScan;
}

/** What the arguments of a call that has ended are. `literal` is their JSON text as a string literal's content. */
export type InputVerdict =
  | { readonly kind: 'empty' }
  | { readonly kind: 'object'; readonly literal: string }
  | { readonly kind: 'invalid' };

export function newToolInput(): ToolInput {
  return { pieces: [], length: 0, scan: newInputScan() };
}

/** Adds the next piece and returns what is left of it: another value that begins after the end of this one. */
export function appendToolInput(input: ToolInput, literal: string): string {
  if (literal === '') return '';
  const text = unescape(literal);
  const end = scanInput(input.scan, text);
  const cut = end === text.length ? literal.length : literalOffset(literal, end);
  if (cut > 0) input.pieces.push(literal.slice(0, cut));
  input.length += cut;
  return literal.slice(cut);
}

/** Whether a piece begins with all arguments before it, which have not ended. */
export function beginsAnew({ pieces, length, scan }: ToolInput, literal: string): boolean {
  if (length === 0 || scan.complete || scan.broken || literal.length < length) return false;
  return literal.startsWith(pieces.join(''));
}

/**
 * Whether each of these pieces is all of the arguments so far, instead of going on where the one before it ended: what they
 * are put together is no JSON object then, and the last alone is one.
 */
export function areWholeInputs({ pieces }: ToolInput, wholes: readonly string[]): boolean {
  const isObjectText = (literals: readonly string[]) => isObject(parse(unescape(literals.join(''))));
  return !isObjectText([...pieces, ...wholes]) && isObjectText(wholes.slice(-1));
}

/**
 * Whether the pieces can be streamed as they come: anything but an object is first checked as a whole, and an empty object
 * may only hold the place of the arguments.
 */
export function isStreamable({ scan }: ToolInput): boolean {
  return scan.first === '{' && scan.hasMembers;
}

/** Whether there are no arguments so far. Some servers send an empty value before the real ones. */
export function isVacant({ pieces, scan }: ToolInput): boolean {
  return !scan.hasMembers && /^\s*(?:\{\s*\}|\[\s*\]|null|""|"\{\s*\}")?\s*$/u.test(unescape(pieces.join('')));
}

/** Whether two inputs mean the same arguments, however they are written. */
export function isSameInput(one: ToolInput, other: ToolInput): boolean {
  if (isVacant(one) || isVacant(other)) return isVacant(one) && isVacant(other);
  const [a, b] = [judgeToolInput(one), judgeToolInput(other)];
  if (a.kind !== 'object' || b.kind !== 'object') return false;
  return a.literal === b.literal || canonicalJson(a.literal) === canonicalJson(b.literal);
}

/** The same text for inputs that mean the same arguments. Undefined: they are no object. */
export function inputKey(input: ToolInput): string | undefined {
  if (isVacant(input)) return '{}';
  const verdict = judgeToolInput(input);
  return verdict.kind === 'object' ? canonicalJson(verdict.literal) : undefined;
}

/** What `whole` has beyond the text of the input, as the content of a string literal. Undefined: it begins otherwise. */
export function missingInput(input: ToolInput, whole: string): string | undefined {
  const [said, all] = [decodeLiteral(input.pieces.join('')), decodeLiteral(whole)];
  return all.startsWith(said) ? textLiteral(all.slice(said.length)) : undefined;
}

function canonicalJson(literal: string): string {
  return JSON.stringify(parse(decodeLiteral(literal)), (_key, value: unknown) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(Object(value)).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** The offset in the content of a string literal after so many characters of its text. */
function literalOffset(literal: string, count: number): number {
  let at = 0;
  for (let passed = 0; passed < count; passed += 1) {
    at += literal[at] !== '\\' ? 1 : literal[at + 1] === 'u' ? 6 : 2;
  }
  return at;
}

/**
 * Judges arguments that have ended. No argument, `null` and an empty list mean none; a string that holds the JSON text of an
 * object is unwrapped, since some servers encode twice; everything else that is not an object is invalid and is
 * not repaired, because a repaired call would be executed.
 */
export function judgeToolInput({ pieces, scan }: ToolInput): InputVerdict {
  if (scan.first === '') return { kind: 'empty' };
  if (scan.broken) return { kind: 'invalid' };
  const literal = pieces.join('');
  const value = parse(unescape(literal));
  if (isNone(value)) return { kind: 'empty' };
  if (typeof value === 'string') return unwrap(literal);
  return isObject(value) ? { kind: 'object', literal } : { kind: 'invalid' };
}

function unwrap(literal: string): InputVerdict {
  const text = parse(decodeText(new RawText(literal, 0, literal.length)));
  if (typeof text !== 'string') return { kind: 'invalid' };
  if (text.trim() === '' || isNone(parse(text))) return { kind: 'empty' };
  return isObject(parse(text)) ? { kind: 'object', literal: textLiteral(text) } : { kind: 'invalid' };
}

/** Only the structure matters here, so the bytes of non-ASCII text stay as they are. */
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

/** PHP writes an empty object as a list. */
function isNone(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The state of the JSON text of a tool call's arguments. */
interface InputScan {
  /** The first character that is not white space; empty until there is one. */
  first: string;
  depth: number;
  inString: boolean;
  escaped: boolean;
  /** Consecutive white space outside of strings. */
  blanks: number;
  /** Whether the outermost brackets or quotes are closed. */
  complete: boolean;
  /** Whether there is anything in the outermost brackets. */
  hasMembers: boolean;
  /** Whether this cannot become JSON: text after the end, a surplus closing bracket, endless white space. */
  broken: boolean;
}

/** Models that loop emit white space without end. */
const blanksMax = 500;

function newInputScan(): InputScan {
  return {
    first: '',
    depth: 0,
    inString: false,
    escaped: false,
    blanks: 0,
    complete: false,
    hasMembers: false,
    broken: false,
  };
}

/**
 * Follows the brackets and quotes of the next piece of JSON text; bytes above ASCII only occur inside strings. Returns
 * where another value begins, or the length of the text.
 */
function scanInput(scan: InputScan, text: string): number {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (scan.inString) scanInString(scan, code);
    else if (beginsAnother(scan, code)) return at;
    else scanBetween(scan, code);
  }
  return text.length;
}

/** After the end of a value an object, a string or null begin another one. So does an object after the word null. */
function beginsAnother({ complete, first }: InputScan, code: number): boolean {
  if (complete) return code === 0x7b || code === 0x22 || code === 0x6e;
  return first === 'n' && code === 0x7b;
}

function scanInString(scan: InputScan, code: number): void {
  if (scan.escaped) scan.escaped = false;
  else if (code === 0x5c) scan.escaped = true;
  else if (code === 0x22) {
    scan.inString = false;
    if (scan.depth === 0) scan.complete = true;
  }
}

function scanBetween(scan: InputScan, code: number): void {
  if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
    scan.blanks += 1;
    if (scan.blanks > blanksMax) scan.broken = true;
    return;
  }
  scan.blanks = 0;
  if (scan.first === '') scan.first = String.fromCharCode(code);
  else if (scan.depth > 0 && code !== 0x7d && code !== 0x5d) scan.hasMembers = true;
  if (scan.complete) scan.broken = true;
  if (code === 0x22) scan.inString = true;
  else if (code === 0x7b || code === 0x5b) scan.depth += 1;
  else if (code === 0x7d || code === 0x5d) {
    scan.depth -= 1;
    if (scan.depth === 0) scan.complete = true;
    if (scan.depth < 0) scan.broken = true;
  }
}
