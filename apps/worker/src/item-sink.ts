import type { ResponseSink } from '@ccg/serving';

/** Collects the answer to an item. */
export interface ItemSink extends ResponseSink {
  /** The whole answer, in text of one line. */
  message(): string;
}

export function createItemSink(signal: AbortSignal): ItemSink {
  const pieces: Uint8Array[] = [];
  const take = (data: string | Uint8Array) => {
    // A text from the translation has one character for each byte.
    pieces.push(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  };
  const sink = {
    signal,
    committed: false,
    expectStream(): void {},
    addHeaders(): void {},
    commit(): void {
      sink.committed = true;
    },
    write(data: string | Uint8Array): undefined {
      take(data);
    },
    end(last?: string | Uint8Array): undefined {
      if (last !== undefined) take(last);
    },
    // Within strings JSON has no ends of lines, so these stand between its parts.
    message: () =>
      Buffer.concat(pieces)
        .toString('utf8')
        .replaceAll(/[\r\n]+/gu, ' '),
  };
  return sink;
}
