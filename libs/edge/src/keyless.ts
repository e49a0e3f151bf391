import { GatewayError } from '@ccg/kernel';
import type { IncomingHttpHeaders } from 'node:http';

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
const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

function reasonAgainst(headers: IncomingHttpHeaders): string | undefined {
  const browser = browserHeaders.find((name) => headers[name] !== undefined);
  if (browser !== undefined) return `This request has the header ${browser}, so it comes from a browser.`;
  const proxy = proxyHeaders.find((name) => headers[name] !== undefined);
  if (proxy !== undefined) return `This request has the header ${proxy}, so it came through a proxy.`;
  if (isLoopbackHost(headers.host)) return undefined;
  return 'The header host of this request does not name this machine: use http://localhost or http://127.0.0.1.';
}

/** The names that mean this machine to every resolver. Any other name can be pointed at 127.0.0.1 by its owner. */
function isLoopbackHost(host: string | undefined): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/iu.test(host ?? '');
}

/** Whether only this machine reaches a listener on the address, as it stands in `HOST`. */
export function isLoopbackAddress(address: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/iu.test(address);
}
