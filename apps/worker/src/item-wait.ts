import type { BatchWait } from '@ccg/batches';
import type { GatewayError } from '@ccg/kernel';

/** An item that failed and is tried again in `delayMs`: what for, for whoever watches its batch. */
export interface ItemWait {
  readonly delayMs: number;
  readonly wait: BatchWait;
}

/** Says what an item waits for that failed in a way that passes. `provider` is the one that was asked, if one was. */
export function waitOf(
  error: GatewayError,
  {
    delayMs,
    nowMs,
    provider,
  }: { readonly delayMs: number; readonly nowMs: number; readonly provider?: string | undefined },
): ItemWait {
  const { retryAfterSeconds, reason: limit } = error;
  const nextTryMs = nowMs + delayMs;
  if (error.code === 'budget-exceeded') {
    const untilMs = retryAfterSeconds === undefined ? nextTryMs : nowMs + retryAfterSeconds * 1000;
    return { delayMs, wait: { reason: 'budget', name: limit, untilMs } };
  }
  if (error.owner === 'upstream') return { delayMs, wait: { reason: 'provider', name: provider, untilMs: nextTryMs } };
  if (error.owner === 'tenant-policy') return { delayMs, wait: { reason: 'limit', name: limit, untilMs: nextTryMs } };
  return { delayMs, wait: { reason: 'gateway', untilMs: nextTryMs } };
}
