import { isUtf8Text } from '@ccg/wire';

/**
 * The bytes of a delta around what differs in the deltas of one answer: its text, and members that count or say nothing.
 * Later deltas are recognised by them, and their text is copied without parsing.
 */
export interface DeltaTemplate {
  readonly slots: readonly Slot[];
  /** What follows the last slot. */
  readonly tail: string;
}

/** A place where deltas differ. Words are a text without escapes. */
export interface Slot {
  readonly kind: 'text' | 'words' | 'number';
  /** What stands between the slot before it and this one. */
  readonly before: string;
  /** The name of a number that is read. */
  readonly count: string | undefined;
  /** What that number was in the delta that was looked at last, whether all of it matched or not. */
  latest: number;
}

/** Longer texts are parsed: the checks below are meant for the few characters of a token. */
const literalMaxLength = 1024;

/** The text of a delta of this form as the content of a string literal; undefined for any other. */
export function matchDelta({ slots, tail }: DeltaTemplate, data: string): string | undefined {
  let literal: string | undefined;
  let at = 0;
  for (let index = 0; index < slots.length; index += 1) {
    const slot = slots[index];
    if (slot === undefined) return undefined;
    const start = at + slot.before.length;
    // Slices are compared as memory, which `startsWith` on strings of this length is not.
    if (data.slice(at, start) !== slot.before) return undefined;
    if (slot.kind === 'number') at = numberEnd(data, start);
    else at = index === slots.length - 1 ? data.length - tail.length : quoteAfter(data, start);
    if (at < start || at - start > literalMaxLength) return undefined;
    const found = data.slice(start, at);
    if (slot.count !== undefined) slot.latest = Number(found);
    if (slot.kind === 'text') literal = found;
    if (slot.kind !== 'number' && !isLiteralContent(found, slot.kind)) return undefined;
  }
  return data.slice(at) === tail ? literal : undefined;
}

/** Where a number ends that has no fraction, no exponent and no sign, or -1. */
function numberEnd(data: string, start: number): number {
  let at = start;
  while (isDigit(data.charCodeAt(at))) at += 1;
  const length = at - start;
  const isNumber = length === 1 || (length > 1 && length <= digitsMax && data.charCodeAt(start) !== 0x30);
  return isNumber ? at : -1;
}

/** Every number of so many digits is exact. */
const digitsMax = 15;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Where the next quote is that no backslash is before, or -1. */
function quoteAfter(data: string, start: number): number {
  let at = data.indexOf('"', start);
  while (at > start && data.charCodeAt(at - 1) === 0x5c && isEscaped(data, at, start)) at = data.indexOf('"', at + 1);
  return at;
}

function isEscaped(data: string, quote: number, start: number): boolean {
  let at = quote;
  while (at > start && data.charCodeAt(at - 1) === 0x5c) at -= 1;
  return (quote - at) % 2 === 1;
}

function isLiteralContent(text: string, kind: 'text' | 'words'): boolean {
  let isAscii = true;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x22 || code === 0x5c)
      return kind === 'text' && isEscapedContent(text) && isUtf8Text(text);
    isAscii &&= code < 0x80;
  }
  return isAscii || (kind === 'text' && isUtf8Text(text));
}

function isEscapedContent(text: string): boolean {
  return /^[ !#-[\]-\u00ff]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[ !#-[\]-\u00ff]*)*$/.test(text);
}
