import { randomBytes } from 'node:crypto';
import type { Clock } from '@ccg/kernel';
import { openTracing } from '@ccg/telemetry';
import type { Logger, Metrics, Tracing } from '@ccg/telemetry';
import type { TraceSettings } from './trace-variables.ts';

interface TraceParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'spansDropped'>;
}

/** Begins to tell a collector of requests; undefined where no collector is configured. */
export async function openTraces(
  { tracing }: TraceSettings,
  { clock, logger, metrics }: TraceParts,
): Promise<Tracing | undefined> {
  if (tracing === undefined) return undefined;
  const { url: collector } = tracing;
  return await openTracing(tracing, {
    clock,
    randomHex: createRandomHex(),
    onDropped: metrics.spansDropped,
    onFailing(reason) {
      logger.warn({ collector, reason }, 'the collector of traces takes no spans: they are dropped until it does');
    },
    onRecovered(spansDropped) {
      logger.info({ collector, spansDropped }, 'the collector of traces takes spans again');
    },
  });
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
