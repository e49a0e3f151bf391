/**
 * The content between the quotes of a JSON string literal, escapes and UTF-8 bytes as they came: the characters
 * `start` to `end` of the byte string `source`. Whoever makes one vouches that it is a valid literal's content.
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

/** Texts written one after the other as one JSON string. */
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

/** Whether the value is an object whose members were read; a `RawJson` is not one. */
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
