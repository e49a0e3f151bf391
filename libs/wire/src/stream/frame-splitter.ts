import { GatewayError } from '@ccg/kernel';
import { CARRIAGE_RETURN, LINE_FEED } from '../bytes.ts';

export interface FrameSplitterOptions {
  /** The greatest length of an unfinished event; 16 MiB by default. */
  readonly maxEventBytes?: number;
}

export interface FrameSplitter {
  /** Takes the next bytes of the stream, cut anywhere. They are not copied, so they must not change later. */
  push(bytes: Uint8Array): void;
  /** Returns what came after the last whole event. */
  end(): Uint8Array;
}

const DEFAULT_MAX_EVENT_BYTES = 16 * 1024 * 1024;

/**
 * Cuts a stream of server-sent events between events, where another one could be inserted. No byte changes: all frames
 * and what `end` returns are together the input. A border is after each blank line, with any line ends. A line feed that
 * comes one chunk after its carriage return begins the next frames, where it counts as one more blank line. Throws
 * `upstream-malformed` beyond the bound.
 */
export function createFrameSplitter(
  onFrames: (frames: Uint8Array) => void,
  options: FrameSplitterOptions = {},
): FrameSplitter {
  const maxEventBytes = options.maxEventBytes ?? DEFAULT_MAX_EVENT_BYTES;
  let held: Uint8Array[] = [];
  let heldBytes = 0;

  function hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    heldBytes += bytes.length;
    if (heldBytes > maxEventBytes) {
      const problem = `The upstream sent an event of more than ${maxEventBytes} bytes.`;
      throw new GatewayError('upstream-malformed', `${problem} Ask for a smaller answer.`);
    }
    held.push(bytes);
  }

  function takeHeld(last: Uint8Array): Uint8Array {
    const whole = held.length === 0 ? last : Buffer.concat([...held, last]);
    held = [];
    heldBytes = 0;
    return whole;
  }

  return {
    push(bytes) {
      const border = lastBorder(bytes, held.at(-1)?.at(-1) ?? LINE_FEED);
      if (border > 0) onFrames(takeHeld(border === bytes.length ? bytes : bytes.subarray(0, border)));
      hold(border === 0 ? bytes : bytes.subarray(border));
    },
    end: () => takeHeld(new Uint8Array()),
  };
}

/**
 * The offset after the last blank line, or 0. `before` is the byte before the first one; if nothing is held back, it is
 * a line feed, as if a line had just ended.
 */
function lastBorder(bytes: Uint8Array, before: number): number {
  let at = bytes.length - 1;
  while (at >= 0) {
    const byte = bytes[at];
    if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) {
      at -= 1;
      continue;
    }
    const previous = at === 0 ? before : bytes[at - 1];
    const isPair = byte === LINE_FEED && previous === CARRIAGE_RETURN;
    // A pair that begins in the held bytes ends a line that is not blank; a blank one would have been a border.
    if (isPair && at === 0) return 0;
    const beforeLineEnd = isPair ? (at === 1 ? before : bytes[at - 2]) : previous;
    if (beforeLineEnd === LINE_FEED || beforeLineEnd === CARRIAGE_RETURN) return at + 1;
    at -= isPair ? 2 : 1;
  }
  return 0;
}
