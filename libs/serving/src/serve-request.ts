import type { RouteRequest } from '@ccg/catalog';
import type { Principal } from '@ccg/tenancy';
import type { HeaderList } from '@ccg/wire';

/** One Messages request, after authentication and with its body read. */
export interface ServeRequest {
  readonly requestId: string;
  readonly principal: Principal;
  readonly prefix: RouteRequest['prefix'];
  /** The client's headers, lower case; each dialect picks what it may pass on. */
  readonly headers: HeaderList;
  /** With its question mark, or empty. */
  readonly query: string;
  /** Hands the body over, once: nobody else keeps it, so that it can be freed long before the answer has ended. */
  takeBody(this: void): Uint8Array;
  /** When the request arrived, in the clock's time. */
  readonly receivedAtMs: number;
}
