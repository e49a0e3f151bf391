import type { IncomingHttpHeaders } from 'node:http';

/** A request as the upstream saw it. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query, undecoded. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body as JSON; throws when it is none. */
  json(): unknown;
  /** Resolves when the connection closed before the answer was sent whole. */
  readonly aborted: Promise<void>;
}
