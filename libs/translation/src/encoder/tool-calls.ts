import { decodeText, RawText } from '@ccg/wire';
import { isBlank, textLiteral } from '../json-literal.ts';

/** One delta of a tool call. Members that it lacks are undefined. Texts are contents of JSON string literals. */
export interface ToolFragment {
  readonly index: number | undefined;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly input: string | undefined;
  /** Whether this is the whole call, as in an answer that is not a stream. */
  readonly whole: boolean;
}

/** One tool call, as far as it has arrived. */
export interface ToolCall {
  id: string;
  name: string;
  readonly input: ToolInput;
}

/** Finds the call that a fragment belongs to. */
export interface ToolCalls {
  /** Adds the fragment to its call and returns the call. */
  add(fragment: ToolFragment): ToolCall;
}

/**
 * Tells tool calls apart. Servers give all parallel calls the index 0, repeat the id or the name on every
 * fragment, leave the id empty after the first, or send neither id nor index: so an id counts most, then the
 * index, then the order; another name, or new arguments after complete ones, are the next call.
 */
export function createToolCalls(): ToolCalls {
  const byId = new Map<string, ToolCall>();
  const byIndex = new Map<number, ToolCall>();
  let latest: ToolCall | undefined;

  function find(fragment: ToolFragment): ToolCall | undefined {
    if (fragment.whole) return undefined;
    const { index, id } = fragment;
    const known = id === undefined ? undefined : byId.get(id);
    const candidate = known ?? (index === undefined ? latest : byIndex.get(index));
    if (candidate === undefined || startsAnother(candidate, fragment)) return undefined;
    // A new id is another call, unless the call had no id so far.
    return known !== undefined || id === undefined || candidate.id === '' ? candidate : undefined;
  }

  return {
    add(fragment) {
      const call = find(fragment) ?? { id: '', name: '', input: newToolInput() };
      latest = call;
      if (fragment.index !== undefined) byIndex.set(fragment.index, call);
      if (fragment.id !== undefined) {
        if (call.id === '') call.id = fragment.id;
        byId.set(fragment.id, call);
      }
      // A name that comes again is the whole name, never the next piece of it.
      if (call.name === '' && fragment.name !== undefined) call.name = fragment.name;
      if (fragment.input !== undefined && !isRepeat(call, fragment)) appendToolInput(call.input, fragment.input);
      return call;
    },
  };
}

function startsAnother(call: ToolCall, fragment: ToolFragment): boolean {
  if (fragment.name === undefined || call.name === '') return false;
  if (fragment.name !== call.name) return true;
  return call.input.scan.complete && !isBlank(fragment.input ?? '') && !isRepeat(call, fragment);
}

/** Some servers send a finished call a second time, in one piece. */
function isRepeat({ id, input }: ToolCall, fragment: ToolFragment): boolean {
  return (
    fragment.id !== undefined && fragment.id === id && input.scan.complete && fragment.input === input.pieces.join('')
  );
}

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

/** Whether the pieces can be streamed as they come: anything but an object is first checked as a whole. */
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
  /** Whether this cannot become JSON: text after the end, a surplus closing bracket, endless white space. */
  broken: boolean;
}

/** Models that loop emit white space without end. */
const blanksMax = 500;

function newInputScan(): InputScan {
  return { first: '', depth: 0, inString: false, escaped: false, blanks: 0, complete: false, broken: false };
}

/** Follows the brackets and quotes of the next piece of JSON text; bytes above ASCII only occur inside strings. */
function scanInput(scan: InputScan, text: string): void {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (scan.inString) scanInString(scan, code);
    else scanBetween(scan, code);
  }
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
  if (scan.complete) scan.broken = true;
  if (code === 0x22) scan.inString = true;
  else if (code === 0x7b || code === 0x5b) scan.depth += 1;
  else if (code === 0x7d || code === 0x5d) {
    scan.depth -= 1;
    if (scan.depth === 0) scan.complete = true;
    if (scan.depth < 0) scan.broken = true;
  }
}
