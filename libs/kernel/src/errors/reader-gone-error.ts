/** Nobody reads the answer any more: the client left, or took nothing for too long. */
export class ReaderGoneError extends Error {
  override readonly name = 'ReaderGoneError';
  readonly reason: 'client-gone' | 'reader-stalled';

  constructor(reason: 'client-gone' | 'reader-stalled') {
    super(reason);
    this.reason = reason;
  }
}
