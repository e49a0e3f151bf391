/** Redis answered a command with an error of ours to mend: a wrong type, a fault in a script, a missing permission. */
export class StoreReplyError extends Error {
  override readonly name = 'StoreReplyError';
}
