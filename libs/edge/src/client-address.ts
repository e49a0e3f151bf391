import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** Addresses with the same beginning, such as 10.0.0.0/8. */
export interface AddressRange {
  readonly address: string;
  readonly prefixLength: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Reads `10.0.0.0/8`, `fd00::/8` or a single address; undefined for anything else. */
export function readAddressRange(text: string): AddressRange | undefined {
  const [, address = '', length] = /^([^/]+)(?:\/(\d{1,3}))?$/u.exec(text) ?? [];
  if (isIP(address) === 0) return undefined;
  const [family, longest] = isIPv4(address) ? (['ipv4', 32] as const) : (['ipv6', 128] as const);
  const prefixLength = length === undefined ? longest : Number(length);
  return prefixLength <= longest ? { address, prefixLength, family } : undefined;
}

/** Finds from where a request really came. */
export type ClientAddressOf = (request: IncomingMessage) => string;

/**
 * Finds the address of a client: that of the socket, unless a trusted proxy is there. Then it is the last one in
 * `X-Forwarded-For` that no trusted proxy has; what stands before that one, the client may have written itself.
 */
export function createClientAddresses(trustedProxies: readonly AddressRange[]): ClientAddressOf {
  const trusted = new BlockList();
  for (const { address, prefixLength, family } of trustedProxies) trusted.addSubnet(address, prefixLength, family);
  const isTrusted = (address: string) => trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return ({ socket, headers }) => {
    let client = plainAddress(socket.remoteAddress ?? '');
    if (trustedProxies.length === 0) return client;
    for (const forwarded of forwardedFor(headers['x-forwarded-for']).toReversed()) {
      if (!isTrusted(client) || isIP(forwarded) === 0) return client;
      client = forwarded;
    }
    return client;
  };
}

function forwardedFor(header: string | readonly string[] | undefined): readonly string[] {
  const text = typeof header === 'string' ? header : (header ?? []).join(',');
  return text.split(',').map((address) => plainAddress(address.trim()));
}

/** Without what some proxies add: a port, and the brackets of IPv6. An IPv4 address may be written as an IPv6 one. */
function plainAddress(text: string): string {
  if (/^[\d.]+$/u.test(text)) return text;
  const bare = /^\[(.+)\](?::\d+)?$/u.exec(text)?.[1] ?? /^([\d.]+):\d+$/u.exec(text)?.[1] ?? text;
  const [withoutZone = ''] = bare.split('%');
  const mapped = /^::ffff:([\d.]+)$/iu.exec(withoutZone)?.[1];
  return mapped !== undefined && isIPv4(mapped) ? mapped : withoutZone;
}

/**
 * Names who is behind an address: whoever has one IPv6 address has 2^64 of them, so the first half of it is what counts.
 */
export function sourceOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail = ''] = address.toLowerCase().split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail);
  const missing = address.includes('::') ? Math.max(0, 8 - before.length - after.length) : 0;
  const groups = [...before, ...Array.from({ length: missing }, () => '0'), ...after];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function groupsOf(part: string): readonly string[] {
  return part === '' ? [] : part.split(':').map((group) => group.replace(/^0+(?=.)/u, ''));
}
