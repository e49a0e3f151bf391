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
  return tracing === undefined ? undefined : await openTracing(tracing, { clock, randomHex, onDropped });
}

/** So many random bytes, as hexadecimal digits. */
function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
