import { GatewayError } from '@ccg/kernel';
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4 } from 'node:net';

/**
 * Refuses to let a request in without an API key that does not come from a program on this machine: one of a web page,
 * which a browser sends to any address with the user's rights, or one that came through a proxy or under a name that
 * somebody else gave this machine. The listener itself is on a loopback address.
 *
 * @throws GatewayError 401 that names what is in the way.
 */
export function refuseUnlessLocal(headers: IncomingHttpHeaders): void {
  const reason = reasonAgainst(headers);
  if (reason === undefined) return;
  throw new GatewayError(
    'credential-missing',
    `ALLOW_KEYLESS lets programs on this machine in without an API key, and no others. ${reason} ` +
      'Send the API key of this gateway; the line "API key" of its start says where it is.',
  );
}

/** What browsers add to every request, be it of a page's script, image or form. */
const browserHeaders = ['origin', 'sec-fetch-site'];

/**
 * What proxies, tunnels and the networks of clouds add, and no client does. A proxy that adds none of these and sets the
 * header host to this machine cannot be told from a program here.
 */
const proxyHeader =
  /^(?:forwarded|via|cdn-loop|x-forwarded(?:-.+)?|x-original-.+|x-envoy-.+|x-arr-.+|x-amzn-trace-id|x-cloud-trace-context|cf-(?:connecting-ipv?6?|ray|visitor|ipcountry)|tailscale-.+|x-real-ip|.+-client-?ip|.+user-ip)$/u;

function reasonAgainst(headers: IncomingHttpHeaders): string | undefined {
  const browser = browserHeaders.find((name) => headers[name] !== undefined);
  if (browser !== undefined) return `This request has the header ${browser}, so it comes from a browser.`;
  const proxy = Object.keys(headers).find((name) => proxyHeader.test(name));
  if (proxy !== undefined) return `This request has the header ${proxy}, so it came through a proxy.`;
  if (isLoopback(hostNameIn(headers.host ?? ''))) return undefined;
  return 'The header host of this request does not name this machine: use http://localhost or http://127.0.0.1.';
}

/** Without the port, and without the brackets of an IPv6 address. */
function hostNameIn(host: string): string {
  const [, name = ''] = /^([^:[\]]+|\[[^[\]]+\])(?::\d{1,5})?$/u.exec(host) ?? [];
  return name.replace(/^\[|\]$/gu, '');
}

/**
 * Whether an address, such as that of `HOST`, means this machine to every resolver: a listener on it is reached from here
 * alone. Any other name can be pointed at 127.0.0.1 by its owner.
 */
export function isLoopback(address: string): boolean {
  return /^(?:localhost|::1)$/iu.test(address) || (isIPv4(address) && address.startsWith('127.'));
}
