import { StoreReplyError } from './store-reply-error.ts';
import { StoreUnavailableError } from './store-unavailable-error.ts';

/** First words of error replies by which a server says that it cannot serve now, whatever it is asked. */
const refusals = new Set([
  'BUSY',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'NOAUTH',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'UNBLOCKED',
  'WRONGPASS',
]);

/**
 * Turns whatever a Redis client threw into one of the two errors of the store. The thrown error is not kept as the
 * cause: the client attaches the command's arguments to it, and those may not reach a log.
 */
export function toStoreError(thrown: unknown): StoreUnavailableError | StoreReplyError {
  if (thrown instanceof StoreUnavailableError || thrown instanceof StoreReplyError) return thrown;
  if (!(thrown instanceof Error)) return new StoreUnavailableError('down', 'unknown failure');
  if (thrown.name !== 'ReplyError') return new StoreUnavailableError('down', describeConnectionError(thrown));
  const [code = 'ERR'] = thrown.message.split(' ', 1);
  if (refusals.has(code)) return new StoreUnavailableError('refused', code);
  return new StoreReplyError(withoutArguments(thrown.message));
}

/** The system's error code where there is one, so that no host name, user or password can be part of it. */
export function describeConnectionError(error: Error): string {
  if ('code' in error && typeof error.code === 'string') return error.code;
  const [firstWord = ''] = error.message.split(' ', 1);
  if (error.name === 'ReplyError' && /^[A-Z]+$/u.test(firstWord)) return firstWord;
  return 'connection lost';
}

/** Redis repeats the arguments of a command that it does not know. */
function withoutArguments(message: string): string {
  const [kept = message] = message.split(', with args beginning with', 1);
  return kept;
}
