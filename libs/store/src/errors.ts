/**
 * Why the store did not answer: `down` no connection, `timeout` no reply in time, `breaker` it failed too often
 * to be asked again yet, `refused` it answered that it cannot serve now (loading, read-only, out of memory …).
 */
export type UnavailableReason = 'down' | 'timeout' | 'breaker' | 'refused';

/**
 * Why no connection can come about, however long one waits: `credential` a wrong or missing user or password,
 * `database` the server does not have it, `select-denied` the user may not choose it, `not-redis` another protocol is
 * spoken there, `not-tls` a plain port was asked for TLS, `certificate` the server's is not trusted, `client-certificate`
 * the server does not accept ours, or none; `sentinel-name` no Sentinel that answers knows the name, `sentinel-credential` they do not
 * accept us; `not-cluster` a server of its own was taken for a node, `cluster-denied` the user may not ask
 * for the nodes, `slots-uncovered` the cluster does not serve every slot.
 */
export type ConnectionFault =
  | 'credential'
  | 'database'
  | 'select-denied'
  | 'not-redis'
  | 'not-tls'
  | 'certificate'
  | 'client-certificate'
  | 'sentinel-name'
  | 'sentinel-credential'
  | 'not-cluster'
  | 'cluster-denied'
  | 'slots-uncovered';

/** Redis cannot be used at the moment. Whether the command took effect is unknown for `timeout` and `down`. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  readonly reason: UnavailableReason;
  /** An error code or a sentence of ours, fit for a log. */
  readonly detail: string;
  /** Set where waiting does not help. */
  readonly fault: ConnectionFault | undefined;

  constructor(reason: UnavailableReason, detail: string, fault?: ConnectionFault) {
    super(`The store is unavailable (${reason}): ${detail}`);
    this.reason = reason;
    this.detail = detail;
    this.fault = fault;
  }
}

/** Redis answered a command with an error of ours to mend: a wrong type, a fault in a script, a missing permission. */
export class StoreReplyError extends Error {
  override readonly name = 'StoreReplyError';
}

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
  if (!error.message.startsWith(noSentinel)) return 'connection lost';
  return error.message.includes('No such master') ? 'no Sentinel knows the name' : 'no Sentinel answers';
}

/** The client's own words, which are all that it gives. */
const noSentinel = 'All sentinels are unreachable';

/** Judges an error of a connection that is being opened; undefined where a later try may succeed. */
export function faultOf(error: Error): ConnectionFault | undefined {
  if (error.name === 'ReplyError') {
    if (/^(?:NOAUTH|WRONGPASS|ERR invalid password)\b/u.test(error.message)) return 'credential';
    if (!isReplyTo('select', error)) return undefined;
    return error.message.startsWith('NOPERM') ? 'select-denied' : 'database';
  }
  if (error.message.startsWith(noSentinel)) return faultOfSentinels(error.message);
  // The client's own words; it gives no code.
  if (error.message.startsWith('Unknown RESP type')) return 'not-redis';
  const code = 'code' in error ? String(error.code) : '';
  if (/^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)$/u.test(code)) return 'not-tls';
  // Alerts are what the server thinks of our certificate.
  if (/^ERR_SSL_.*ALERT.*(?:CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)/u.test(code)) return 'client-certificate';
  return /CERT|^UNABLE_TO_/u.test(code) ? 'certificate' : undefined;
}

function faultOfSentinels(message: string): ConnectionFault | undefined {
  if (/\b(?:NOAUTH|WRONGPASS)\b/u.test(message)) return 'sentinel-credential';
  return message.includes('No such master') ? 'sentinel-name' : undefined;
}

function isReplyTo(commandName: string, error: Error): boolean {
  const command = 'command' in error ? error.command : undefined;
  return typeof command === 'object' && command !== null && 'name' in command && command.name === commandName;
}

/** Redis repeats the arguments of a command that it does not know, and names the node that has a redis key. */
function withoutArguments(message: string): string {
  if (/^(?:MOVED|ASK) /u.test(message)) return 'The redis key belongs to another node of a cluster.';
  const [kept = message] = message.split(', with args beginning with', 1);
  return kept;
}
