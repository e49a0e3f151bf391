/** Drains on SIGTERM or SIGINT and exits 0; a second signal exits 1 at once. */
export function runUntilSignal(
  running: { drain(): Promise<void> },
  onClosed: () => Promise<void> = () => Promise.resolve(),
): void {
  let draining = false;
  const stop = () => {
    if (draining) process.exit(1);
    draining = true;
    running
      .drain()
      .then(onClosed)
      .then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`Closing failed: ${String(error)}\n`);
          process.exit(1);
        },
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
