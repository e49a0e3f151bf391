import { GatewayError } from '@ccg/kernel';
import { bytesToString } from '../bytes.ts';

export interface NdjsonDecoderOptions {
  /** The greatest length of a line; 16 MiB by default. */
  readonly maxLineBytes?: number;
}

export interface NdjsonDecoder {
  /** Takes the next bytes of the stream, cut anywhere. */
  push(bytes: Uint8Array): void;
  /** Takes a last line without a line end. */
  end(): void;
}

const DEFAULT_MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * Decodes newline-delimited JSON from bytes in any chunking. It passes on each line that is not blank, as a byte string
 * without its LF or CR LF, and does not check that it is JSON. Throws `upstream-malformed` beyond the bound.
 */
export function createNdjsonDecoder(onLine: (line: string) => void, options: NdjsonDecoderOptions = {}): NdjsonDecoder {
  const maxLineBytes = options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES;
  /** The line that the last chunk did not finish. */
  let tail = '';

  /** A line's text without the CR that belongs to its end. */
  function checked(line: string): string {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (text.length <= maxLineBytes) return text;
    const problem = `The upstream sent a line of more than ${maxLineBytes} bytes.`;
    throw new GatewayError('upstream-malformed', `${problem} Ask for a smaller answer.`);
  }

  function takeLine(line: string): void {
    const text = checked(line);
    if (!/^[ \t]*$/.test(text)) onLine(text);
  }

  return {
    push(bytes) {
      const text = bytesToString(bytes);
      let start = 0;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
        const line = tail + text.slice(start, end);
        tail = '';
        start = end + 1;
        takeLine(line);
      }
      tail += text.slice(start);
      if (tail.length > maxLineBytes) checked(tail);
    },
    end() {
      const line = tail;
      tail = '';
      takeLine(line);
    },
  };
}
