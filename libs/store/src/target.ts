import { assertNever } from '@ccg/kernel';
import type { Secret } from '@ccg/kernel';

/** Which Redis: `url`, `socketPath`, `clusterNodes` or `sentinels`, one of them, and what a connection to it needs. */
export interface ConnectionTarget {
  /** `redis://` or `rediss://`, with user and password where needed. */
  readonly url?: string | undefined;
  /** The path of a unix socket. */
  readonly socketPath?: string | undefined;
  /** URLs of some nodes of a cluster, which tell the others. Scheme, user and password of the first are those of all. */
  readonly clusterNodes?: readonly string[] | undefined;
  readonly sentinels?: Sentinels | undefined;
  /** Stands beside the URLs where it is in none of them. */
  readonly password?: Secret | undefined;
  /** For `rediss://`. */
  readonly tls?: TlsMaterial | undefined;
  /** Where a node or a primary is reached, in a network that translates the addresses under which they know each other. */
  readonly mapAddress?: ((address: string) => string) | undefined;
}

/** The Sentinels that know where the primary of a name is. */
export interface Sentinels {
  /** User and password of the first, where there are any, are those of all Sentinels. With `rediss://` Redis speaks TLS too. */
  readonly urls: readonly string[];
  /** Under which the Sentinels know the primary. */
  readonly name: string;
}

/** All of it in PEM. */
export interface TlsMaterial {
  /** The authority behind the server's certificate, where the system does not know it. */
  readonly ca?: string | undefined;
  /** Our own certificate, for a server that asks for one. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** A target as what it is. */
export type Place =
  | { readonly kind: 'server'; readonly url: string }
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'cluster'; readonly urls: readonly [string, ...string[]] }
  | { readonly kind: 'sentinels'; readonly urls: readonly [string, ...string[]]; readonly name: string };

/** Throws RangeError for a target that names no Redis. */
export function placeOf({ url, socketPath, clusterNodes, sentinels, password }: ConnectionTarget): Place {
  if (socketPath !== undefined) return { kind: 'socket', path: socketPath };
  if (url !== undefined) return { kind: 'server', url: withPassword(url, password) };
  const [first, ...others] = clusterNodes ?? sentinels?.urls ?? [];
  if (first === undefined) throw new RangeError('A store needs a URL, the path of a unix socket, nodes or Sentinels.');
  if (sentinels !== undefined) return { kind: 'sentinels', urls: [first, ...others], name: sentinels.name };
  const withOurs = (nodeUrl: string) => throughUser(nodeUrl, withPassword(first, password));
  return { kind: 'cluster', urls: [withOurs(first), ...others.map(withOurs)] };
}

function withPassword(url: string, password: Secret | undefined): string {
  if (password === undefined) return url;
  const parsed = new URL(url);
  parsed.password = encodeURIComponent(password.reveal());
  return parsed.href;
}

/** The URL of a node, with scheme, user and password of another one. */
function throughUser(url: string, other: string): string {
  const node = new URL(other);
  const { hostname, port } = new URL(url);
  node.hostname = hostname;
  node.port = port;
  return node.href;
}

/** The target of one node of a cluster; `address` is `host:port` as the cluster tells it. */
export function nodeTarget(target: ConnectionTarget, address: string): ConnectionTarget {
  const place = placeOf(target);
  if (place.kind !== 'cluster') return target;
  const reached = target.mapAddress?.(address) ?? address;
  return { url: throughUser(`redis://${reached}`, place.urls[0]), tls: target.tls };
}

/** Where a Redis is, for people and logs, without its user or password; undefined for a URL that names no host. */
export function describeTarget(target: ConnectionTarget): string | undefined {
  const place = placeOf(target);
  switch (place.kind) {
    case 'socket':
      return place.path;
    case 'server':
      return addressOf(place.url);
    case 'cluster':
      return place.urls.map((url) => addressOf(url)).join(', ');
    case 'sentinels':
      return `${place.name} of the Sentinels ${place.urls.map((url) => addressOf(url, '26379')).join(', ')}`;
    default:
      return assertNever(place);
  }
}

/** `host:port` of a URL; undefined where it names no host. */
export function addressOf(url: string, defaultPort = '6379'): string | undefined {
  const { hostname = '', port = '', pathname, search, hash } = URL.parse(url) ?? {};
  // An @ after the host: the password has a character in it that ends the host, and what looks like the host is not.
  const isCutShort = `${pathname}${search}${hash}`.includes('@');
  return hostname === '' || isCutShort ? undefined : `${hostname}:${port === '' ? defaultPort : port}`;
}

/** The Redis user that a connection signs in as. */
export function userOf(target: ConnectionTarget): string {
  const place = placeOf(target);
  const url = place.kind === 'server' ? place.url : place.kind === 'cluster' ? place.urls[0] : '';
  const username = URL.parse(url)?.username ?? '';
  return username === '' ? 'default' : decodeURIComponent(username);
}
