/**
 * Why the store did not answer: `down` no connection, `timeout` no reply in time, `breaker` it failed too often
 * to be asked again yet, `refused` it answered that it cannot serve now (loading, read-only, out of memory …).
 */
export type UnavailableReason = 'down' | 'timeout' | 'breaker' | 'refused';

/** Redis cannot be used at the moment. Whether the command took effect is unknown for `timeout` and `down`. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly reason: UnavailableReason;

  constructor(reason: UnavailableReason, detail: string) {
    super(`The store is unavailable (${reason}): ${detail}`);
    this.reason = reason;
  }
}
