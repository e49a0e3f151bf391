import { stringToBytes } from '../bytes.ts';
import type { JsonObject, JsonValue } from './json-value.ts';
import { writeJson } from './write-json.ts';

/** Far below the 128 KB from which on a string is costly to make. */
const pieceLength = 32 * 1024;

/**
 * Writes an object as `writeJson` does, into bytes: members, and the elements of members that are lists, one after the
 * other, so that no long string is made on the way.
 */
export function writeJsonBytes(object: JsonObject): Uint8Array {
  const pieces: Uint8Array[] = [];
  let text = '{';
  let separator = '';
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    text += `${separator}${writeJson(key)}:`;
    if (Array.isArray(value)) writeList(value);
    else put(writeJson(value));
    separator = ',';
  }
  pieces.push(stringToBytes(`${text}}`));
  return Buffer.concat(pieces);

  function writeList(list: readonly JsonValue[]): void {
    text += '[';
    for (let at = 0; at < list.length; at += 1) put(`${at === 0 ? '' : ','}${writeJson(list[at] ?? null)}`);
    text += ']';
  }

  function put(written: string): void {
    text += written;
    if (text.length < pieceLength) return;
    pieces.push(stringToBytes(text));
    text = '';
  }
}
