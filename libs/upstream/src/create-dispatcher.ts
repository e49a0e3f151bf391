import { checkServerIdentity, getCACertificates } from 'node:tls';
import type { PeerCertificate } from 'node:tls';
import { Agent, buildConnector, EnvHttpProxyAgent, Pool } from 'undici';
import type { Dispatcher } from 'undici';
import { noteFailures } from './failed-sockets.ts';
import { guardedLookup } from './guarded-lookup.ts';
import { isMetadataAddress } from './addresses.ts';
import type { UpstreamOptions } from './upstream-options.ts';

/**
 * One pool of HTTP/1.1 connections per origin. Where a proxy is set, connections to `https:` providers are tunnelled
 * through it, save to the hosts that need none.
 */
export function createDispatcher(options: UpstreamOptions): Dispatcher {
  const { connectTimeoutMs, proxy, extraRoots, resolve, onCertificate } = options;
  const lookup = guardedLookup(isMetadataAddress, resolve);
  // Roots that are named replace those that Node has, so both are given.
  const roots = extraRoots === undefined ? {} : { ca: [...getCACertificates('default'), extraRoots] };
  const tls = onCertificate === undefined ? roots : { ...roots, checkServerIdentity: watchCertificates(onCertificate) };
  const limits = {
    // One HTTP/2 socket would carry every stream, and one lost packet would stall them all.
    allowH2: false,
    pipelining: 1,
    headersTimeout: options.firstByteTimeoutMs,
    bodyTimeout: options.idleTimeoutMs,
    connect: noteFailures(buildConnector({ allowH2: false, timeout: connectTimeoutMs, lookup, ...tls })),
  };
  if (proxy === undefined) return new Agent(limits);
  return new EnvHttpProxyAgent({
    ...limits,
    connectTimeout: connectTimeoutMs,
    requestTls: tls,
    proxyTls: tls,
    // A proxy that takes a connection and never opens the tunnel would count as a provider that takes its time.
    clientFactory: (origin, clientOptions) => new Pool(origin, { ...clientOptions, headersTimeout: connectTimeoutMs }),
    // What is left out here is read from the environment, which is the configuration's business alone.
    httpProxy: '',
    httpsProxy: proxy.url.reveal(),
    noProxy: proxy.except,
  });
}

/** The usual check, which is called for every certificate, also behind a proxy. It is not called where a session goes on. */
function watchCertificates(onCertificate: (host: string, notAfterMs: number) => void): typeof checkServerIdentity {
  return (host: string, certificate: PeerCertificate) => {
    const problem = checkServerIdentity(host, certificate);
    const notAfterMs = Date.parse(certificate.valid_to);
    if (problem === undefined && !Number.isNaN(notAfterMs)) onCertificate(host, notAfterMs);
    return problem;
  };
}
