import type { Clock, Secret } from '@ccg/kernel';
import type { Resolve } from './guarded-lookup.ts';

/** How providers are reached, and how long is waited for them. */
export interface UpstreamOptions {
  /** How long a connection may take to open. */
  readonly connectTimeoutMs: number;
  /** How long the first byte of an answer may take: a local model may be loading. */
  readonly firstByteTimeoutMs: number;
  /** How long an answer may fall silent. */
  readonly idleTimeoutMs: number;
  /** The way to `https:` providers; undefined is the direct one. */
  readonly proxy?: UpstreamProxy | undefined;
  /** Certificates in PEM that are trusted beside those that Node trusts. */
  readonly extraRoots?: string | undefined;
  /** For the renewal of tokens; the machine's unless given. */
  readonly clock?: Clock | undefined;
  /** Finds the addresses of host names; the system does unless given. */
  readonly resolve?: Resolve | undefined;
  /** Told of the certificate of a server when a connection is opened, and how long it is valid. */
  readonly onCertificate?: ((host: string, notAfterMs: number) => void) | undefined;
}

export interface UpstreamProxy {
  /** `http:` or `https:`; may hold a credential. */
  readonly url: Secret;
  /** Hosts that are reached without it, separated by commas. */
  readonly except: string;
}
