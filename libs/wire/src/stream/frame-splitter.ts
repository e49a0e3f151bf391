import { GatewayError } from '@ccg/kernel';
import { CARRIAGE_RETURN, LINE_FEED } from '../bytes.ts';

export interface FrameSplitterOptions {
  /** How long an unfinished event may grow; 16 MiB unless told. */
  readonly maxEventBytes?: number;
}

export interface FrameSplitter {
  /** Takes the next bytes of the stream, cut anywhere. They are kept without a copy and must not change later. */
  push(bytes: Uint8Array): void;
  /** What came after the last whole event. */
  end(): Uint8Array;
}

const DEFAULT_MAX_EVENT_BYTES = 16 * 1024 * 1024;

/**
 * Cuts a stream of server-sent events where another event could be put in between, and changes no byte: the frames
 * in their order and what `end` returns are the input. A border follows each blank line, in any style of line ends;
 * a line feed that comes one chunk after its carriage return begins the next frames, where it is one more blank line.
 * Throws `upstream-malformed` beyond the bound.
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
 * The offset after the last blank line, 0 when there is none. `before` is the byte before the first one; where
 * nothing unfinished came before, a line feed, as if a line had just ended.
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
    // A pair that begins in the bytes held back ends a line that has something in it, else it would have been cut.
    if (isPair && at === 0) return 0;
    const beforeLineEnd = isPair ? (at === 1 ? before : bytes[at - 2]) : previous;
    if (beforeLineEnd === LINE_FEED || beforeLineEnd === CARRIAGE_RETURN) return at + 1;
    at -= isPair ? 2 : 1;
  }
  return 0;
}
