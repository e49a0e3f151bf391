import type { Clock } from '@ccg/kernel';
import { endGraceMs } from './end-grace.ts';

/** More is not looked at a second time. */
const watchedMaxBytes = 8 * 1024 * 1024;

interface DocumentEnd {
  /** Takes the next bytes of the body. They are not copied, so they must not change later. */
  push(bytes: Uint8Array): void;
  /** The body is a stream: parts of it were seen. */
  stop(): void;
  isOver(): boolean;
}

/**
 * Ends an answer that is a whole JSON document, although its provider keeps the connection. Of such an answer nothing is
 * known before its end, so after the wait its bytes are read once to see whether they are all.
 */
export function createDocumentEnd(clock: Clock, onOver: () => void): DocumentEnd {
  let parts: Uint8Array[] = [];
  let size = 0;
  let cancelTimer = () => {};
  let state: 'waiting' | 'stopped' | 'over' = 'waiting';
  const stop = () => {
    // Asked for each part of a stream.
    if (state !== 'waiting') return;
    state = 'stopped';
    cancelTimer();
    parts = [];
  };
  return {
    push(bytes) {
      if (state !== 'waiting') return;
      cancelTimer();
      if (size === 0 && !beginsDocument(bytes)) return stop();
      size += bytes.length;
      if (size > watchedMaxBytes) return stop();
      parts.push(bytes);
      if (!endsDocument(bytes)) return;
      cancelTimer = clock.schedule(endGraceMs, () => {
        if (!isDocument(Buffer.concat(parts))) return;
        state = 'over';
        parts = [];
        onOver();
      });
    },
    stop,
    isOver: () => state === 'over',
  };
}

function beginsDocument(bytes: Uint8Array): boolean {
  return /^[\s\u00ef\u00bb\u00bf]*[{[]/u.test(Buffer.from(bytes.subarray(0, 256)).toString('latin1'));
}

function endsDocument(bytes: Uint8Array): boolean {
  return /[}\]]\s*$/u.test(Buffer.from(bytes.subarray(-256)).toString('latin1'));
}

function isDocument(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString('utf8').replace(/^\ufeff/u, ''));
    return true;
  } catch {
    return false;
  }
}
