/** What was opened so far, to be closed in the reverse order. */
export interface Closers {
  add(close: () => Promise<void>): void;
  /** Closes everything once; later calls wait for the same. The first failure is thrown after all were tried. */
  close(): Promise<void>;
}

export function createClosers(): Closers {
  const opened: (() => Promise<void>)[] = [];
  let closing: Promise<void> | undefined;

  async function closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = opened.pop(); close !== undefined; close = opened.pop()) {
      await close().catch((thrown: unknown) => failures.push(thrown));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'not everything could be closed');
  }

  return {
    add(close) {
      opened.push(close);
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}
