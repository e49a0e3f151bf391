import { randomBytes } from 'node:crypto';
import type { Clock } from '@ccg/kernel';
import { openTracing } from '@ccg/telemetry';
import type { Metrics, Tracing } from '@ccg/telemetry';
import type { TraceSettings } from './trace-variables.ts';

/** Begins to tell a collector of requests; undefined where no collector is configured. */
export async function openTraces(
  { tracing }: TraceSettings,
  { clock, metrics }: { readonly clock: Clock; readonly metrics: Pick<Metrics, 'spansDropped'> },
): Promise<Tracing | undefined> {
  const { spansDropped: onDropped } = metrics;
  return tracing === undefined
    ? undefined
    : await openTracing(tracing, { clock, randomHex: createRandomHex(), onDropped });
}

const drawnBytes = 4096;

/** Gives so many random bytes as hexadecimal digits. Many are drawn at once, since each draw costs more than its digits. */
function createRandomHex(): (bytes: number) => string {
  let drawn = '';
  let used = 0;
  return (bytes) => {
    const digits = 2 * bytes;
    if (used + digits > drawn.length) {
      drawn = randomBytes(drawnBytes).toString('hex');
      used = 0;
    }
    used += digits;
    return drawn.slice(used - digits, used);
  };
}
