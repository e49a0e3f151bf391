import { GatewayError } from '@ccg/kernel';
import { bytesToString } from '../bytes.ts';

/** One event; both strings are byte strings. */
export interface SseEvent {
  /** Empty when no `event` line named it. */
  readonly name: string;
  /** The `data` lines, joined by line feeds. */
  readonly data: string;
}

export interface SseDecoderOptions {
  /** The greatest length of a line, and of the data of one event; 16 MiB by default. */
  readonly maxEventBytes?: number;
  /**
   * Takes the lines up to a blank one that are no field and no comment of words, joined by line feeds. The standard
   * ignores them, but they may be the rest of an event whose beginning was lost.
   */
  readonly onStray?: (text: string) => void;
}

export interface SseDecoder {
  /** Takes the next bytes of the stream, cut anywhere. */
  push(bytes: Uint8Array): void;
  /** Takes a last line and a last event without their ends. */
  end(): void;
}

/** The UTF-8 byte order mark in a byte string. */
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';
const DEFAULT_MAX_EVENT_BYTES = 16 * 1024 * 1024;

/**
 * Decodes server-sent events (HTML standard, 9.2.6) from bytes in any chunking, with all three line ends, comments, data
 * over many lines and a byte order mark at the start. Events without data, `id` and `retry` are ignored. It differs from
 * the standard in two points: a last event without its blank line is passed on too, because servers forget that line, and
 * so is an event without data that is an error by its name, or should hold a piece of an answer.
 * Throws `upstream-malformed` beyond the bound.
 */
export function createSseDecoder(onEvent: (event: SseEvent) => void, options: SseDecoderOptions = {}): SseDecoder {
  const assembler = createEventAssembler(onEvent, options);
  const withoutMark = createMarkRemover();
  const withLineFeeds = createLineEndNormaliser();
  /** The line that the last chunk did not finish. */
  let tail = '';

  function takeLines(text: string): void {
    let end = text.indexOf('\n');
    if (end < 0) {
      tail += text;
      assembler.checkSize(tail.length);
      return;
    }
    const first = tail + text.slice(0, end);
    assembler.takeLine(first, 0, first.length);
    let start = end + 1;
    for (end = text.indexOf('\n', start); end >= 0; end = text.indexOf('\n', start)) {
      assembler.takeLine(text, start, end);
      start = end + 1;
    }
    tail = text.slice(start);
    assembler.checkSize(tail.length);
  }

  return {
    push(bytes) {
      takeLines(withLineFeeds(withoutMark.take(bytesToString(bytes))));
    },
    end() {
      takeLines(`${withoutMark.rest()}\n\n`);
    },
  };
}

interface EventAssembler {
  /** The line is `text` from `start` to `end`, without its line end. */
  takeLine(text: string, start: number, end: number): void;
  checkSize(bytes: number): void;
}

function createEventAssembler(
  onEvent: (event: SseEvent) => void,
  { maxEventBytes = DEFAULT_MAX_EVENT_BYTES, onStray }: SseDecoderOptions,
): EventAssembler {
  let name = '';
  let data: string | undefined;
  let stray: string | undefined;

  function checkSize(bytes: number): void {
    if (bytes <= maxEventBytes) return;
    const problem = `The upstream sent an event of more than ${maxEventBytes} bytes.`;
    throw new GatewayError('upstream-malformed', `${problem} Ask for a smaller answer.`);
  }

  function takeData(value: string): void {
    data = data === undefined ? value : `${data}\n${value}`;
    checkSize(data.length);
  }

  function takeName(line: string): void {
    name = fieldValue(line, 6, line.length);
    // The line end before the data was lost.
    if (name.includes('"')) takeStray(line);
  }

  function takeStray(line: string): void {
    stray = stray === undefined ? line : `${stray}\n${line}`;
    checkSize(stray.length);
  }

  function dispatch(): void {
    const event = data === undefined && !saysMuch(name) ? undefined : { name, data: data ?? '' };
    const rest = stray;
    name = '';
    data = undefined;
    stray = undefined;
    if (rest !== undefined) onStray?.(rest);
    if (event !== undefined) onEvent(event);
  }

  return {
    checkSize,
    takeLine(text, start, end) {
      checkSize(end - start);
      if (start === end) dispatch();
      else if (text.startsWith('data:', start)) takeData(fieldValue(text, start + 5, end));
      else if (text.startsWith('event:', start)) takeName(text.slice(start, end));
      else if (end - start === 4 && text.startsWith('data', start)) takeData('');
      else if (end - start === 5 && text.startsWith('event', start)) name = '';
      else if (onStray !== undefined && isStray(text.slice(start, end))) takeStray(text.slice(start, end));
    },
  };
}

/** An error is one without a reason too, and a piece of an answer may have lost its data. */
function saysMuch(name: string): boolean {
  return name === 'error' || /^content_block_(?:start|delta)$|^response\..+\.delta$/u.test(name);
}

/** A comment that ends like JSON may be the rest of an event that was cut before a colon. */
function isStray(line: string): boolean {
  return line.startsWith(':') ? /"[^]*[}\]]\s*$/u.test(line) : !/^(?:id|retry)(?::|$)/u.test(line);
}

function fieldValue(text: string, afterColon: number, end: number): string {
  return text.slice(text.startsWith(' ', afterColon) ? afterColon + 1 : afterColon, end);
}

/** Holds back the first bytes until it is known whether they are a byte order mark. */
function createMarkRemover(): { take(text: string): string; rest(): string } {
  let head = '';
  let isPast = false;
  return {
    take(text) {
      if (isPast) return text;
      head += text;
      if (head.length < BYTE_ORDER_MARK.length && BYTE_ORDER_MARK.startsWith(head)) return '';
      isPast = true;
      return head.startsWith(BYTE_ORDER_MARK) ? head.slice(BYTE_ORDER_MARK.length) : head;
    },
    rest: () => (isPast ? '' : head),
  };
}

/** Turns every line end into a line feed at once. If a chunk ends between CR and LF, that LF is dropped later. */
function createLineEndNormaliser(): (text: string) => string {
  let endedInReturn = false;
  return (text) => {
    if (text === '') return text;
    const rest = endedInReturn && text.startsWith('\n') ? text.slice(1) : text;
    endedInReturn = text.endsWith('\r');
    return rest.includes('\r') ? rest.replace(/\r\n?/g, '\n') : rest;
  };
}

/** Writes one event as a byte string. `dataJson` is JSON as a byte string, without line ends. */
export function sseFrame(name: string, dataJson: string): string {
  return `event: ${name}\ndata: ${dataJson}\n\n`;
}
