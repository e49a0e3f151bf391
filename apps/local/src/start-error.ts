/** A start that cannot go on for a reason that its reader can mend: the message says how, and no stack is shown. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
