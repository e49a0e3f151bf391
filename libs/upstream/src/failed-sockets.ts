import { errors } from 'undici';
import type { buildConnector } from 'undici';

/** What a socket had carried when it failed. */
interface FailedSocket {
  readonly bytesRead: number;
  /** How much of what was written had not left this process. */
  readonly unsentBytes: number;
}

const failedSockets = new WeakMap<Error, FailedSocket>();

/** Notes of every socket that fails what it had carried: most errors do not tell. */
export function noteFailures(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    connect(options, (...[error, socket]) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      socket.prependListener('error', (failure) => {
        failedSockets.set(failure, { bytesRead: socket.bytesRead, unsentBytes: socket.writableLength });
      });
      callback(null, socket);
    });
  };
}

/** The socket that failed with an error. Of one within the tunnel of a proxy nothing may be known; it counts as new. */
export function failedSocketOf(error: Error): FailedSocket {
  const known = failedSockets.get(error);
  if (known !== undefined) return known;
  const bytesRead = error instanceof errors.SocketError ? (error.socket?.bytesRead ?? 0) : 0;
  return { bytesRead, unsentBytes: 0 };
}
