import { createSseDecoder, decodeText, encodeText, isText, isUtf8Text } from '@ccg/wire';
import type { JsonObject, JsonValue, ReadJsonOptions, SseEvent } from '@ccg/wire';
import { asObject, asText, tryReadJson } from '../json-fields.ts';
import type { StreamDecoder } from './event-stream.ts';

/** What the data of an event is. */
export type EventData =
  | { readonly kind: 'chunk'; readonly json: string; readonly value: JsonObject }
  /** `[DONE]` */
  | { readonly kind: 'marker' }
  /** Nothing that could belong to the answer, such as a keep-alive. */
  | { readonly kind: 'noise' }
  /** It cannot be read and may have been a part of the answer. */
  | { readonly kind: 'hole' };

/**
 * Tells what data is by what it holds. A list holds chunks. Several lines that are no JSON together are read one by one,
 * since servers forget the blank line between events. Data that is no JSON, but has any of its brackets, quotes or
 * backslashes, is a hole: it may be the rest of a chunk that was cut. So is a chunk with malformed UTF-8.
 */
export function readEventData(data: string, options: ReadJsonOptions = {}): readonly EventData[] {
  const text = withoutPrefix(data).trim();
  if (text === '') return [noise];
  if (text.startsWith(':')) return [isCommentOfAnswer(text.slice(1).trim()) ? hole : noise];
  if (/^"?\[\s*done\s*\]"?$/iu.test(text)) return [marker];
  const value = tryReadJson(text, options);
  if (value !== undefined) return isUtf8Text(text) ? readValue(text, value, options) : [hole];
  const lines = text.split('\n');
  return lines.length > 1 ? lines.flatMap((line) => readEventData(line, options)) : [isNoise(text) ? noise : hole];
}

const marker: EventData = { kind: 'marker' };
const noise: EventData = { kind: 'noise' };
const hole: EventData = { kind: 'hole' };

function readValue(json: string, value: JsonValue, options: ReadJsonOptions): readonly EventData[] {
  const chunk = asObject(value);
  if (chunk !== undefined) return [{ kind: 'chunk', json, value: chunk }];
  // A text that holds a chunk: it was encoded twice.
  if (isText(value)) return readEventData(encodeText(decodeText(value)), options);
  if (!Array.isArray(value) || value.length === 0) return [noise];
  return value.map((element): EventData => {
    const piece = asObject(element);
    if (piece !== undefined) return { kind: 'chunk', json: '', value: piece };
    return element === null ? noise : hole;
  });
}

/**
 * Whether an Anthropic event, or what was found outside of events, may hold a part of the answer that a client cannot
 * read. It ignores events whose name is missing.
 */
export function isHole({ name, data }: SseEvent): boolean {
  const isEncodedTwice = data.trimStart().startsWith('"');
  return readEventData(data).some((piece) => {
    if (piece.kind !== 'chunk') return piece.kind === 'hole' || isOfAnswer(name);
    const type = asText(piece.value['type']) ?? '';
    return isOfAnswer(type) && (type !== name || isEncodedTwice);
  });
}

/** Whether an event of this name holds a piece of the answer, whatever its data is. */
function isPiece(name: string): boolean {
  return /^content_block_(?:start|delta)$|^response\..+\.delta$/u.test(name);
}

/** Whether the data of a piece is that of something else, such as a keep-alive. */
function isSwapped(name: string, value: JsonObject): boolean {
  const type = asText(value['type']) ?? '';
  return isPiece(name) && type !== 'error' && !isOfAnswer(type) && !type.startsWith('response.');
}

/** Whether an Anthropic event of this name is a part of the answer. */
function isOfAnswer(name: string): boolean {
  return name.startsWith('content_block_') || name.startsWith('message_');
}

/** Whether what stands in a comment is an event without its field name, or the rest of one. */
function isCommentOfAnswer(text: string): boolean {
  const value = asObject(tryReadJson(text.replace(/^[^"{[]*/u, '')));
  // The rest of an event ends a text, a list or an object.
  if (value === undefined) return !isNoise(text) && /\\|"\s*[:,}\]]|[}\]]\s*[,}\]]/u.test(text);
  return value['choices'] !== undefined || value['candidates'] !== undefined || isOfAnswer(asText(value['type']) ?? '');
}

/**
 * Words, a word in square brackets, or a terminal marker that was cut. Words may have a quoted value behind an equals sign.
 * A page and bytes that are no characters are a failure in place of the answer, and what reads like a piece of a command may
 * be one.
 */
function isNoise(text: string): boolean {
  if (controls.test(text) || isPage.test(text)) return false;
  if (isOfCommand.test(text) && !isSign.test(text)) return false;
  return (
    !/[{}[\]"\\]/u.test(text.replace(/="[^{}[\]"\\]*"/gu, '=')) ||
    /^\[[\w .:-]*\]$/u.test(text) ||
    '[DONE]'.startsWith(text)
  );
}

/** Bytes below the blank, but for white space. */
const controls = /[^\t-\r -\u00ff]/u;
const isPage = /^\s*<(?:!doctype|html|head|body|title|center|h1|pre|\?xml)\b/iu;

/** A sign of life, whatever stands around it. */
const isSign = /^\W*(?:ping|pong|heart[-_ ]?beat|keep[-_ ]?alive)\W*$/iu;
const isOfCommand = /^(?:--?[a-z]|[/|&;$~>]\S)/iu;

/** Some servers put their own prefix before the one of the framework that they use. */
function withoutPrefix(data: string): string {
  return data.startsWith('data:') ? withoutPrefix(data.slice('data:'.length).trimStart()) : data;
}

/** Takes the events of a backend's stream. */
export interface EventTaker {
  /** Takes an event without looking at what it is, and returns whether it could. */
  known(data: string): boolean;
  /** An event that is called `error`. */
  error(data: string): void;
  chunk(chunk: JsonObject, json: string): void;
  /** An object that stands outside of events: a whole answer, a failure, or a chunk. */
  document(document: JsonObject): void;
  marker(): void;
  hole(): void;
}

export interface ChunkDecoderOptions {
  /** The greatest length of an event or a document; 16 MiB by default. */
  readonly maxEventBytes?: number;
  /** Members whose objects and lists are moved as they are. */
  readonly rawKeys?: ReadonlySet<string>;
}

/** A document with more blank lines in it is none. */
const blankLinesMax = 100;
const wordsMaxLength = 4000;

/**
 * Reads events whose data are JSON chunks, and JSON documents in their place: the body decides what it is, not its label.
 * What the end of the body cuts is no hole: the encoder judges by what came before whether the answer is whole.
 */
export function createChunkDecoder(taker: EventTaker, options: ChunkDecoderOptions = {}): StreamDecoder {
  let isAtEnd = false;
  let hasRead = false;
  const isLost = createLossCheck();
  /** Words outside of events. */
  let words = '';
  /** A document that is not whole yet: its pieces between blank lines. */
  let begun: string[] = [];

  /** `mayBeCut`: the end of the body may have cut the last line of it. */
  function takeData(data: string, name: string, mayBeCut: boolean): void {
    const pieces = readEventData(data, options);
    for (const [at, piece] of pieces.entries()) {
      hasRead ||= piece.kind === 'chunk' || piece.kind === 'marker';
      takePiece(piece, name, mayBeCut && at === pieces.length - 1, taker);
    }
  }

  function takeEvent({ name, data }: SseEvent): void {
    if (begun.length > 0) takeBegun(false);
    if (isLost({ name, data })) taker.hole();
    if (data === '' && isPiece(name)) return;
    if (name === 'error') taker.error(data);
    else if (!taker.known(data)) takeData(data, name, isAtEnd);
  }

  function takeStray(text: string): void {
    begun.push(text);
    const whole = begun.join('\n');
    if (takeDocument(whole)) begun = [];
    else if (!beginsDocument(whole) || begun.length > blankLinesMax) takeBegun(isAtEnd);
  }

  /** Several documents, one a line; or no document. */
  function takeBegun(mayBeCut: boolean): void {
    const whole = begun.join('\n').trimEnd();
    begun = [];
    if (takeDocument(whole)) return;
    const lines = beginsDocument(whole) ? whole.split('\n') : [whole];
    for (const [at, line] of lines.entries()) {
      if (!takeDocument(line)) takeText(line, mayBeCut && at === lines.length - 1);
    }
  }

  function takeDocument(text: string): boolean {
    const isRead = tellDocument(text.trim(), options, taker);
    hasRead ||= isRead;
    return isRead;
  }

  function takeText(text: string, mayBeCut: boolean): void {
    const [, error] = /^error:\s*(.+)/su.exec(text) ?? [];
    if (error !== undefined) taker.error(error);
    else {
      if (words.length < wordsMaxLength && !beginsDocument(text)) words = `${words}\n${text}`.trim();
      takeData(text.trim(), '', mayBeCut);
    }
  }

  const decoder = createSseDecoder(takeEvent, { ...options, onStray: takeStray });
  return {
    push: decoder.push,
    end() {
      isAtEnd = true;
      decoder.end();
      takeBegun(true);
      if (!hasRead) tellWords(words, taker);
    },
  };
}

/** Tells a document, or the documents of a list. False: the text is none. */
function tellDocument(json: string, options: ReadJsonOptions, taker: EventTaker): boolean {
  const value = beginsDocument(json) ? tryReadJson(json, options) : undefined;
  if (value === undefined) return false;
  if (!isUtf8Text(json)) taker.hole();
  else for (const document of Array.isArray(value) ? value : [value]) taker.document(asObject(document) ?? {});
  return true;
}

/** Tells whether the data of the event before is missing. It may come as an event of its own. */
function createLossCheck(): (event: SseEvent) => boolean {
  let waiting: string | undefined;
  return ({ name, data }) => {
    const isLost = waiting !== undefined && !(name === '' && data.includes(waiting));
    waiting = data === '' && isPiece(name) ? name : undefined;
    return isLost;
  };
}

function takePiece(piece: EventData, name: string, mayBeCut: boolean, taker: EventTaker): void {
  if (piece.kind === 'chunk' && isSwapped(name, piece.value)) taker.hole();
  else if (piece.kind === 'chunk') taker.chunk(piece.value, piece.json);
  else if (piece.kind === 'marker') taker.marker();
  else if (!mayBeCut && (piece.kind === 'hole' || isOfAnswer(name) || isPiece(name))) taker.hole();
}

/** Tells words that are all that a server said: they are its reason, unless they are a page. */
function tellWords(words: string, taker: EventTaker): void {
  if (words === '') return;
  if (isNoise(words)) taker.error(words);
  else taker.hole();
}

function beginsDocument(text: string): boolean {
  return /^\s*[{[]/u.test(text);
}
