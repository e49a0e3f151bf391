import type { JsonObject, ReadJsonOptions } from '@ccg/wire';
import { readEventData } from '../../encoder/event-data.ts';
import type { EventData } from '../../encoder/event-data.ts';
import { tryReadJson } from '../../json-fields.ts';

/** Takes what the lines of a body hold. */
interface LineTaker {
  /** Takes a line without looking at what it is, and returns whether it could. */
  known(line: string): boolean;
  /** `json` is the line where the object is all of it. */
  object(value: JsonObject, json: string): void;
  hole(): void;
  /** The body has ended, and these words are all that it held. */
  words(text: string): void;
}

interface LineReader {
  take(this: void, line: string): void;
  end(this: void): void;
}

const byteOrderMark = '\u00ef\u00bb\u00bf';
const heldMaxLength = 16 * 1024 * 1024;
const wordsMaxLength = 4000;

/**
 * Reads lines of JSON, each an object or a list of them; also as the data of events, and a document over many lines. Words
 * and comments between them are noise. What cannot be read and may have been a part of the answer is a hole, save where the
 * end of the body cuts it.
 */
export function createLineReader(taker: LineTaker, options: ReadJsonOptions): LineReader {
  /** Lines of a document that is not whole yet, or one that was cut. */
  let held = '';
  let words = '';
  let isFirst = true;
  let hasRead = false;

  function takePiece(piece: EventData, line: string): void {
    if (piece.kind === 'chunk') {
      hasRead = true;
      taker.object(piece.value, piece.json === line ? line : '');
    } else if (piece.kind === 'noise') {
      if (words.length < wordsMaxLength) words = `${words}\n${line}`.trim();
    } else if (piece.kind === 'hole') {
      if (/^\s*[{[]/u.test(line)) held = line;
      else taker.hole();
    }
  }

  function takeHeld(line: string): void {
    // A line that is an object by itself may be an element of a list, but no part of another object.
    const isCut = /^\s*\{/u.test(held) && /^\s*\{./u.test(line) && tryReadJson(line) !== undefined;
    held = `${held}\n${line}`;
    if (isCut || held.length > heldMaxLength) taker.hole();
    else if (/^[}\]]\s*$/u.test(line)) takeWhole();
  }

  function takeWhole(): void {
    if (tryReadJson(held) === undefined) return;
    const pieces = readEventData(held, options);
    held = '';
    for (const piece of pieces) takePiece(piece, '');
  }

  return {
    take(text) {
      const line = isFirst && text.startsWith(byteOrderMark) ? text.slice(byteOrderMark.length) : text;
      isFirst = false;
      if (held !== '') takeHeld(line);
      else if (line.trim() === '[') held = line;
      else if (!taker.known(line)) for (const piece of readEventData(line, options)) takePiece(piece, line);
    },
    end() {
      if (held !== '') takeWhole();
      if (!hasRead && words !== '') taker.words(words);
    },
  };
}
