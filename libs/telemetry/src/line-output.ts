import { Buffer } from 'node:buffer';
import { writeSync } from 'node:fs';

/** Where lines go. @internal */
export interface LineOutput {
  /** Takes whole lines. */
  write(lines: string): void;
  /** Writes what the reader takes now, and says whether that was all. */
  flush(this: void): boolean;
}

/** Writes a text or bytes and returns how many bytes were taken: none by a reader that does not keep up. @internal */
export type WriteBytes = (data: string | Uint8Array) => number;

const nothing = new Uint8Array();

/** So much is kept for a reader that does not keep up. */
const keptMaxBytes = 1024 * 1024;
const retryMs = 50;
/** The lines of a busy process are gathered for so long: a write takes longer than a line does to be made. */
const gatherMs = 10;

/**
 * Writes the first lines after a pause at the end of their turn of the event loop, and then those of every few
 * milliseconds in one call. It never waits for whoever reads them: what a reader does not take is kept up to a bound,
 * and then whole lines are dropped and counted.
 * @internal
 */
export function createLineOutput(write: WriteBytes, onDropped: (lines: number) => void): LineOutput {
  let fresh = '';
  let kept: Uint8Array = nothing;
  let retry: NodeJS.Timeout | undefined;
  let isScheduled = false;

  function flush(): boolean {
    const lines = fresh;
    fresh = '';
    if (lines !== '' && kept.length === 0) kept = writeFresh(lines);
    else if (lines !== '') keep(Buffer.from(lines, 'utf8'), lines);
    while (kept.length > 0) {
      const taken = write(kept);
      if (taken === 0) break;
      kept = kept.subarray(taken);
    }
    if (kept.length > 0) retry ??= setTimeout(tryAgain, retryMs).unref();
    return kept.length === 0;
  }

  /** Bytes are made of a text only where it was not taken whole. */
  function writeFresh(lines: string): Uint8Array {
    const taken = write(lines);
    return taken >= lines.length && taken === Buffer.byteLength(lines)
      ? nothing
      : Buffer.from(lines, 'utf8').subarray(taken);
  }

  function keep(bytes: Uint8Array, lines: string): void {
    if (kept.length + bytes.length <= keptMaxBytes) kept = Buffer.concat([kept, bytes]);
    else onDropped(lines.split('\n').length - 1);
  }

  function tryAgain(): void {
    retry = undefined;
    flush();
  }

  function flushInTurn(): void {
    isScheduled = fresh !== '';
    if (!isScheduled) return;
    flush();
    setTimeout(flushInTurn, gatherMs);
  }

  return {
    write(lines) {
      fresh += lines;
      if (isScheduled) return;
      isScheduled = true;
      setImmediate(flushInTurn);
    },
    flush,
  };
}

/** Takes lines of the log. */
export interface LogOutput {
  write(line: string): void;
}

/** The lines of a process on its standard output; those that are left when it exits get a moment. */
export function openLogOutput(onDropped: (lines: number) => void): LogOutput {
  const output = createLineOutput(openStandardOutput(), onDropped);
  process.on('exit', () => {
    for (let waited = 0; !output.flush() && waited < lastWordsMs; waited += retryMs) sleep(retryMs);
  });
  return output;
}

const lastWordsMs = 500;

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Once it was a terminal that is closed it takes everything and shows nothing: the process must be able to drain. */
function openStandardOutput(): WriteBytes {
  // Asking for the stream sets a pipe to non-blocking. A write to a full one would otherwise stop the whole process.
  const { fd } = process.stdout;
  let isClosed = false;
  return (data) => {
    if (isClosed) return Buffer.byteLength(data);
    try {
      return typeof data === 'string' ? writeSync(fd, data) : writeSync(fd, data);
    } catch (thrown) {
      const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
      if (code === 'EAGAIN') return 0;
      if (code !== 'EIO') throw thrown;
      isClosed = true;
      return Buffer.byteLength(data);
    }
  };
}
