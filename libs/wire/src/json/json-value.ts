/**
 * The content between the quotes of a JSON string literal, escapes and UTF-8 bytes as they came: the characters
 * `start` to `end` of the byte string `source`. Who constructs one makes sure that the literal is valid.
 */
export class RawText {
  readonly source: string;
  readonly start: number;
  readonly end: number;

  constructor(source: string, start: number, end: number) {
    this.source = source;
    this.start = start;
    this.end = end;
  }
}

/** One whole JSON value, its syntax checked but not decoded: the characters `start` to `end` of a byte string. */
export class RawJson {
  readonly source: string;
  readonly start: number;
  readonly end: number;

  constructor(source: string, start: number, end: number) {
    this.source = source;
    this.start = start;
    this.end = end;
  }
}

/** Several texts that are written as one JSON string. */
export class JoinedText {
  readonly parts: readonly (string | RawText)[];

  constructor(parts: readonly (string | RawText)[]) {
    this.parts = parts;
  }
}

/** A text. A plain string is Unicode text; in a tree that was read it is always ASCII that had no escapes. */
export type JsonText = string | RawText | JoinedText;

export type JsonArray = JsonValue[];

/** Members that are undefined are not written. */
export interface JsonObject {
  [key: string]: JsonValue | undefined;
}

export type JsonValue = null | boolean | number | JsonText | RawJson | JsonArray | JsonObject;

export function isText(value: JsonValue | undefined): value is JsonText {
  return typeof value === 'string' || value instanceof RawText || value instanceof JoinedText;
}

/** Whether the value is an object whose members were read. A `RawJson` is not one. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof RawText) &&
    !(value instanceof JoinedText) &&
    !(value instanceof RawJson)
  );
}

/**
 * Copies a text, so that it shares no memory with the original. In V8 a slice is a view: a name of 20 characters keeps
 * the whole body in memory that it was cut from.
 */
export function copyText(text: string): string {
  // Latin-1 cannot hold all characters, and UTF-8 no lone surrogates.
  const encoding = /[\u0100-\uffff]/.test(text) ? 'utf16le' : 'latin1';
  return Buffer.from(text, encoding).toString(encoding);
}

/** Copies a value that was read, so that it no longer keeps its source in memory. */
export function copyJson(value: JsonValue): JsonValue {
  if (isText(value)) return copyJsonText(value);
  if (value instanceof RawJson) {
    const source = copyText(value.source.slice(value.start, value.end));
    return new RawJson(source, 0, source.length);
  }
  if (Array.isArray(value)) return value.map(copyJson);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]): [string, JsonValue | undefined] => [
    copyText(key),
    member === undefined ? undefined : copyJson(member),
  ]);
  return Object.fromEntries(members);
}

function copyJsonText(text: JsonText): JsonText {
  if (typeof text === 'string') return copyText(text);
  if (text instanceof JoinedText) return new JoinedText(text.parts.map(copyPart));
  return copyPart(text);
}

function copyPart(part: string | RawText): string | RawText {
  if (typeof part === 'string') return copyText(part);
  const source = copyText(part.source.slice(part.start, part.end));
  return new RawText(source, 0, source.length);
}

/** The text is not JSON. The message gives the offset and never quotes the text. */
export class JsonSyntaxError extends Error {
  override readonly name: string = 'JsonSyntaxError';
  /** In bytes from the start of the text; its length when the text ended too early. */
  readonly offset: number;
  protected readonly reason: string;

  constructor(reason: string, offset: number) {
    super(`${reason} (at byte ${offset}).`);
    this.offset = offset;
    this.reason = reason;
  }

  /** The same fault in a text that has `bytes` more before it. */
  movedBy(bytes: number): JsonSyntaxError {
    return new JsonSyntaxError(this.reason, this.offset + bytes);
  }
}

/** Bounds of what takes long to read, out of proportion to its length. */
export interface JsonLimits {
  /** Of one object. */
  readonly members: number;
  /** In bytes. */
  readonly nameLength: number;
  readonly numberLength: number;
}

export const unlimited: JsonLimits = { members: Infinity, nameLength: Infinity, numberLength: Infinity };

/** The text is JSON as far as it was read, but one of the limits is exceeded, which the message states. */
export class JsonLimitError extends JsonSyntaxError {
  override readonly name = 'JsonLimitError';

  override movedBy(bytes: number): JsonLimitError {
    return new JsonLimitError(this.reason, this.offset + bytes);
  }
}

const subjects = {
  members: ['An object has more than', 'members'],
  nameLength: ['A name is longer than', 'bytes'],
  numberLength: ['A number is longer than', 'characters'],
} as const satisfies Record<keyof JsonLimits, readonly [string, string]>;

/** Fails because the limit of that name is exceeded at `offset`. */
export function refuseLimit(limits: JsonLimits, name: keyof JsonLimits, offset: number): never {
  const [subject, unit] = subjects[name];
  throw new JsonLimitError(`${subject} ${limits[name].toLocaleString('en-US')} ${unit}`, offset);
}

/** Arrays and objects are nested deeper than `maxDepth`. */
export class JsonDepthError extends Error {
  override readonly name = 'JsonDepthError';
  readonly maxDepth: number;

  constructor(maxDepth: number) {
    super(`The JSON is nested more than ${maxDepth} levels deep.`);
    this.maxDepth = maxDepth;
  }
}
