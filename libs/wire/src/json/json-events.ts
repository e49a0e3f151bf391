import { assertNever } from '@ccg/kernel';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  MINUS,
  NINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  ZERO,
  viewOf,
} from '../bytes.ts';
import { isSpace } from './byte-scan.ts';
import { createLiteral, isHexDigit, mayEnd, nextOfNumber, plain } from './json-token.ts';
import type { Literal, NumberState } from './json-token.ts';
import { JsonDepthError, JsonSyntaxError } from './json-value.ts';

/** Told of JSON as its bytes arrive. A depth is the number of objects and lists around a value, or around a name's value. */
export interface JsonListener {
  /** A value begins with this byte. True asks for its bytes, which `raw` gets; no value inside of it can be asked for then. */
  begin(depth: number, first: number): boolean;
  /** A piece of the value that was asked for: a view of what was pushed. */
  raw(bytes: Uint8Array): void;
  /** The value has ended. A string, a number or a word is given as it was written, unless it is longer than the limit. */
  end(depth: number, literal: string | undefined): void;
  /** The name of a member as it was written, with its quotes; undefined where it is longer than the limit. */
  name(depth: number, literal: string | undefined): void;
}

interface JsonEventsOptions {
  readonly listener: JsonListener;
  /** Nothing is told of what is deeper. */
  readonly listenDepth: number;
  /** How long a name, or a value that is no list and no object, is at most that the listener is given. */
  readonly literalMaxBytes: number;
  /** How many lists and objects may be open. */
  readonly maxDepth: number;
}

/** A pass over JSON of any length. It accepts exactly what `JSON.parse` accepts, to `maxDepth`, and holds nothing of it. */
export interface JsonEvents {
  /** Throws `JsonDepthError`, or `JsonSyntaxError` with the offset in all that was pushed. */
  push(bytes: Uint8Array): void;
  /** Throws `JsonSyntaxError` where the value has not ended. */
  end(): void;
}

type State =
  | 'value'
  | 'value or ]'
  | 'name'
  | 'name or }'
  | 'colon'
  | 'after value'
  | 'text'
  | 'escape'
  | 'hex'
  | 'word'
  | NumberState;

const escapes = new Set(Buffer.from('"\\/bfnrt'));
const words: Readonly<Record<number, string>> = { 0x74: 'true', 0x66: 'false', 0x6e: 'null' };

const nothing = Buffer.alloc(0);

/** The states between two tokens. */
const spaceIsFree: ReadonlySet<State> = new Set(['value', 'value or ]', 'name', 'name or }', 'colon', 'after value']);

/** The state of a pass, between two bytes. */
interface Pass {
  readonly options: JsonEventsOptions;
  readonly literal: Literal;
  readonly isObject: boolean[];
  state: State;
  depth: number;
  /** Whether the string that is read is a name. */
  isName: boolean;
  hexLeft: number;
  /** What is left of a word. */
  word: string;
  json: Buffer;
  bytesBefore: number;
  /** Of the value that was asked for. */
  rawDepth: number | undefined;
  rawFrom: number;
}

/** Reads JSON piece by piece, wherever it is cut. */
export function createJsonEvents(options: JsonEventsOptions): JsonEvents {
  const pass: Pass = {
    options,
    literal: createLiteral(options.literalMaxBytes),
    isObject: [],
    state: 'value',
    depth: 0,
    isName: false,
    hexLeft: 0,
    word: '',
    json: nothing,
    bytesBefore: 0,
    rawDepth: undefined,
    rawFrom: 0,
  };
  return {
    push(bytes) {
      const json = viewOf(bytes);
      pass.json = json;
      const { length } = json;
      for (let at = 0; at < length;) {
        const byte = json[at] ?? 0;
        if (isSpace(byte) && spaceIsFree.has(pass.state)) at += 1;
        else at = readToken(pass, at, byte);
      }
      pass.literal.cut(json);
      if (pass.rawDepth !== undefined && pass.rawFrom < length) options.listener.raw(json.subarray(pass.rawFrom));
      pass.rawFrom = 0;
      pass.bytesBefore += length;
      pass.json = nothing;
    },
    end() {
      if (pass.depth === 0 && mayEnd(pass.state)) endValue(pass, 0, true);
      if (pass.depth > 0 || pass.state !== 'after value') refuse(pass, 0, 'The JSON ends too early');
    },
  };
}

function refuse({ bytesBefore }: Pass, at: number, reason: string): never {
  throw new JsonSyntaxError(reason, bytesBefore + at);
}

/** Reads one byte that is no white space between tokens, or as much of a string as there is; gives the offset after it. */
function readToken(pass: Pass, at: number, byte: number): number {
  const { state } = pass;
  switch (state) {
    case 'text':
      return readText(pass, at);
    case 'escape':
    case 'hex':
      readEscape(pass, at, byte);
      break;
    case 'word':
      readWord(pass, at, byte);
      break;
    case 'value':
      openValue(pass, at, byte);
      break;
    case 'value or ]':
      if (byte === CLOSE_BRACKET) close(pass, at);
      else openValue(pass, at, byte);
      break;
    case 'name':
      openName(pass, at, byte);
      break;
    case 'name or }':
      if (byte === CLOSE_BRACE) close(pass, at);
      else openName(pass, at, byte);
      break;
    case 'colon':
      if (byte !== COLON) refuse(pass, at, 'Expected a colon after the member name');
      pass.state = 'value';
      break;
    case 'after value':
      afterValue(pass, at, byte);
      break;
    case 'minus':
    case 'zero':
    case 'integer':
    case 'dot':
    case 'fraction':
    case 'e':
    case 'e sign':
    case 'exponent':
      return readNumber(pass, at, byte, state);
    default:
      return assertNever(state);
  }
  return at + 1;
}

function begin(pass: Pass, at: number, byte: number): void {
  const { depth, options, literal } = pass;
  if (depth > options.listenDepth) return;
  literal.begin(at);
  if (!options.listener.begin(depth, byte) || pass.rawDepth !== undefined) return;
  pass.rawDepth = depth;
  pass.rawFrom = at;
}

function endValue(pass: Pass, at: number, isScalar: boolean): void {
  const { depth, options, literal, json } = pass;
  pass.state = 'after value';
  if (depth > options.listenDepth) return;
  const written = literal.end(json, at);
  if (pass.rawDepth === depth) {
    pass.rawDepth = undefined;
    options.listener.raw(json.subarray(pass.rawFrom, at));
  }
  options.listener.end(depth, isScalar ? written : undefined);
}

function openValue(pass: Pass, at: number, byte: number): void {
  begin(pass, at, byte);
  pass.isName = false;
  const word = words[byte];
  if (byte === OPEN_BRACE || byte === OPEN_BRACKET) open(pass, byte === OPEN_BRACE);
  else if (byte === QUOTE) pass.state = 'text';
  else if (byte === MINUS) pass.state = 'minus';
  else if (byte === ZERO) pass.state = 'zero';
  else if (byte > ZERO && byte <= NINE) pass.state = 'integer';
  else if (word === undefined) refuse(pass, at, 'Expected a value');
  else {
    pass.state = 'word';
    pass.word = word.slice(1);
  }
}

function open(pass: Pass, isObject: boolean): void {
  const { maxDepth } = pass.options;
  if (pass.depth === maxDepth) throw new JsonDepthError(maxDepth);
  pass.isObject[pass.depth] = isObject;
  pass.depth += 1;
  pass.state = isObject ? 'name or }' : 'value or ]';
}

function close(pass: Pass, at: number): void {
  pass.depth -= 1;
  endValue(pass, at + 1, false);
}

function openName(pass: Pass, at: number, byte: number): void {
  if (byte !== QUOTE) refuse(pass, at, 'Expected a member name in quotes');
  pass.state = 'text';
  pass.isName = true;
  if (pass.depth <= pass.options.listenDepth) pass.literal.begin(at);
}

function afterValue(pass: Pass, at: number, byte: number): void {
  if (pass.depth === 0) refuse(pass, at, 'Expected nothing after the JSON value');
  const isMember = pass.isObject[pass.depth - 1] === true;
  if (byte === COMMA) pass.state = isMember ? 'name' : 'value';
  else if (byte === (isMember ? CLOSE_BRACE : CLOSE_BRACKET)) close(pass, at);
  else refuse(pass, at, `Expected a comma or the end of the ${isMember ? 'object' : 'array'}`);
}

/** Steps over what a string holds, up to its end or to that of the bytes. */
function readText(pass: Pass, from: number): number {
  const { json } = pass;
  const { length } = json;
  let at = from;
  while (at < length && plain[json[at] ?? 0] === 1) at += 1;
  if (at === length) return at;
  const byte = json[at];
  if (byte === BACKSLASH) pass.state = 'escape';
  else if (byte !== QUOTE) refuse(pass, at, 'A control character in a string must be escaped');
  else if (pass.isName) endName(pass, at + 1);
  else endValue(pass, at + 1, true);
  return at + 1;
}

function endName(pass: Pass, at: number): void {
  const { depth, options, literal, json } = pass;
  pass.state = 'colon';
  if (depth <= options.listenDepth) options.listener.name(depth, literal.end(json, at));
}

function readEscape(pass: Pass, at: number, byte: number): void {
  if (pass.state === 'escape') {
    const isHex = byte === 0x75; // u
    if (!isHex && !escapes.has(byte)) refuse(pass, at, 'Unknown escape in a string');
    pass.hexLeft = 4;
    pass.state = isHex ? 'hex' : 'text';
    return;
  }
  if (!isHexDigit(byte)) refuse(pass, at, 'Unknown escape in a string');
  pass.hexLeft -= 1;
  if (pass.hexLeft === 0) pass.state = 'text';
}

function readWord(pass: Pass, at: number, byte: number): void {
  if (byte !== pass.word.charCodeAt(0)) refuse(pass, at, 'Expected a value');
  pass.word = pass.word.slice(1);
  if (pass.word === '') endValue(pass, at + 1, true);
}

/** Gives the offset of this byte where the number has ended before it. */
function readNumber(pass: Pass, at: number, byte: number, state: NumberState): number {
  const next = nextOfNumber(state, byte);
  if (next !== undefined) {
    pass.state = next;
    return at + 1;
  }
  if (!mayEnd(state)) refuse(pass, at, 'Expected a value');
  endValue(pass, at, true);
  return at;
}
