/** What an error document holds, read without strictness. Maps, since names come from others. */
export type Loose = string | number | boolean | null | readonly Loose[] | LooseObject;
export type LooseObject = ReadonlyMap<string, Loose>;

const depthMax = 16;
/** How many documents one text may hold, and how often one is looked for. */
const documentsMax = 4;
const attemptsMax = 12;

export interface FoundDocuments {
  readonly documents: readonly Loose[];
  /** The text around them. */
  readonly rest: string;
}

/**
 * The documents that stand in a text, wherever they begin: JSON, JSON whose quotes are escaped once more, JSON that
 * was cut off, and what Python and JavaScript print of an object (`{'code': 400, 'param': None}`). Lists without
 * an object in them, such as `[1, 8192]`, are no documents.
 */
export function findDocuments(text: string): FoundDocuments {
  const found = scan(text);
  return found.documents.length > 0 || !text.includes('\\"') ? found : scan(text.replace(/\\(["\\])/gu, '$1'));
}

/** What the whole text is a document of; undefined when it is none, or more than one. */
export function wholeDocument(text: string): Loose | undefined {
  const trimmed = text.trim();
  if (!/^[{["]/u.test(trimmed)) return undefined;
  const read = readAt(trimmed, 0);
  return read !== undefined && read.end >= trimmed.length ? read.value : undefined;
}

function scan(text: string): FoundDocuments {
  const documents: Loose[] = [];
  const rest: string[] = [];
  let at = 0;
  for (let attempts = 0; attempts < attemptsMax && documents.length < documentsMax; attempts += 1) {
    const offset = text.slice(at).search(/[{[]/u);
    if (offset === -1) break;
    const start = at + offset;
    const read = readAt(text, start);
    const isDocument = read !== undefined && holdsObject(read.value);
    if (isDocument) documents.push(read.value);
    const end = read?.end ?? start + 1;
    rest.push(text.slice(at, isDocument ? start : end));
    at = end;
  }
  return { documents, rest: [...rest, text.slice(at)].join('') };
}

function holdsObject(value: Loose): boolean {
  return value instanceof Map ? value.size > 0 : Array.isArray(value) && value.some(holdsObject);
}

interface Read {
  readonly value: Loose;
  readonly end: number;
}

interface Cursor {
  readonly text: string;
  at: number;
}

/** Reads one value; a text that ends within it counts as far as it goes. Undefined where the syntax is another. */
function readAt(text: string, start: number): Read | undefined {
  const cursor = { text, at: start };
  const value = readValue(cursor, 0);
  return value === undefined ? undefined : { value, end: cursor.at };
}

function skip(cursor: Cursor, pattern: RegExp): string {
  pattern.lastIndex = cursor.at;
  const [matched = ''] = pattern.exec(cursor.text) ?? [];
  cursor.at += matched.length;
  return matched;
}

function readValue(cursor: Cursor, depth: number): Loose | undefined {
  skip(cursor, space);
  const character = cursor.text[cursor.at];
  if (character === undefined) return null;
  if (depth > depthMax) return undefined;
  if (character === '{') return readObject(cursor, depth);
  if (character === '[') return readList(cursor, ']', depth);
  if (character === '(') return readList(cursor, ')', depth);
  if (character === '"' || character === "'" || character === '`') return readQuoted(cursor, character);
  const word = skip(cursor, bareWord);
  return word === '' ? undefined : valueOf(word);
}

function readQuoted(cursor: Cursor, quote: string): string {
  let out = '';
  for (cursor.at += 1; cursor.at < cursor.text.length; cursor.at += 1) {
    const character = cursor.text[cursor.at];
    if (character === quote) {
      cursor.at += 1;
      return out;
    }
    out += character === '\\' ? readEscape(cursor) : character;
  }
  return out;
}

/** At the backslash; leaves off at the last character of the escape. */
function readEscape(cursor: Cursor): string {
  cursor.at += 1;
  const character = cursor.text[cursor.at] ?? '';
  const digits = character === 'u' ? 4 : character === 'x' ? 2 : 0;
  const code = digits === 0 ? '' : cursor.text.slice(cursor.at + 1, cursor.at + 1 + digits);
  if (digits > 0 && code.length === digits && /^[0-9a-f]+$/iu.test(code)) {
    cursor.at += digits;
    return String.fromCharCode(Number.parseInt(code, 16));
  }
  return escapes[character] ?? character;
}

function readList(cursor: Cursor, closer: string, depth: number): Loose | undefined {
  const items: Loose[] = [];
  cursor.at += 1;
  for (;;) {
    skip(cursor, separators);
    if (cursor.at >= cursor.text.length) return items;
    if (cursor.text[cursor.at] === closer) {
      cursor.at += 1;
      return items;
    }
    const item = readValue(cursor, depth + 1);
    if (item === undefined) return undefined;
    items.push(item);
  }
}

function readObject(cursor: Cursor, depth: number): Loose | undefined {
  const members = new Map<string, Loose>();
  cursor.at += 1;
  for (;;) {
    skip(cursor, separators);
    const character = cursor.text[cursor.at];
    if (character === undefined) return members;
    if (character === '}') {
      cursor.at += 1;
      return members;
    }
    const name = character === '"' || character === "'" ? readQuoted(cursor, character) : skip(cursor, bareWord);
    skip(cursor, space);
    if (cursor.at >= cursor.text.length) return members;
    if (name === '' || cursor.text[cursor.at] !== ':') return undefined;
    cursor.at += 1;
    const value = readValue(cursor, depth + 1);
    if (value === undefined) return undefined;
    members.set(name, value);
  }
}

const space = /\s*/uy;
const separators = /[\s,]*/uy;
const bareWord = /[\w$.+-]+/uy;

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', 0: '' };

function valueOf(word: string): Loose {
  if (/^(?:true|True)$/u.test(word)) return true;
  if (/^(?:false|False)$/u.test(word)) return false;
  if (/^(?:null|None|undefined|NaN)$/u.test(word)) return null;
  const number = Number(word);
  return Number.isFinite(number) ? number : word;
}
