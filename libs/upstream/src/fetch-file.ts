import { getCACertificates } from 'node:tls';
import { Agent, buildConnector, errors, request } from 'undici';
import type { Dispatcher } from 'undici';
import { isAddress, isPublicAddress } from './addresses.ts';
import { guardedLookup } from './guarded-lookup.ts';
import type { UpstreamOptions } from './upstream-options.ts';

/** An image or a PDF file, whatever its server calls it. */
interface FetchedFile {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

export type FileFault =
  | { readonly kind: 'bad-url' }
  /** Not reached, or at an address that is not public: which of them is nobody's business. */
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'redirects' }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'unknown-type' };

export class FileFetchError extends Error {
  override readonly name = 'FileFetchError';
  readonly fault: FileFault;

  constructor(fault: FileFault) {
    super(`file not fetched: ${fault.kind}`);
    this.fault = fault;
  }
}

/** Fetches files by URLs that clients name. */
export interface FileFetcher {
  /** Rejects with `FileFetchError`, or with the signal's reason. */
  fetch(url: string, signal: AbortSignal): Promise<FetchedFile>;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

export const fileMaxBytes = 5 * 1024 * 1024;
export const fileTimeoutMs = 5000;
const redirectsMax = 3;
const urlMaxLength = 8192;

type FileFetcherOptions = Pick<UpstreamOptions, 'extraRoots' | 'resolve'> & {
  /** Which addresses are reached; the public ones unless given. */
  readonly isAllowed?: (address: string) => boolean;
  readonly timeoutMs?: number;
};

/** Fetches over `https:` from public addresses alone, after redirects too, without a proxy, which would choose the address. */
export function createFileFetcher(options: FileFetcherOptions): FileFetcher {
  const { extraRoots, resolve, isAllowed = isPublicAddress, timeoutMs = fileTimeoutMs } = options;
  const tls = extraRoots === undefined ? {} : { ca: [...getCACertificates('default'), extraRoots] };
  const lookup = guardedLookup((address) => !isAllowed(address), resolve);
  const dispatcher = new Agent({
    allowH2: false,
    maxResponseSize: fileMaxBytes,
    connect: buildConnector({ allowH2: false, timeout: timeoutMs, lookup, ...tls }),
  });

  /** What a URL leads to, after redirects. */
  async function follow(first: string, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    let url = readUrl(first);
    for (let redirects = 0; redirects <= redirectsMax; redirects += 1) {
      if (isAddress(url.hostname) && !isAllowed(url.hostname)) throw new FileFetchError({ kind: 'unreachable' });
      const headers = {
        accept: 'image/*, application/pdf',
        'accept-encoding': 'identity',
        'user-agent': 'claude-code-gateway',
      };
      const answer = await request(url, { dispatcher, signal, headers });
      const { location } = answer.headers;
      if (answer.statusCode < 300 || answer.statusCode > 399 || typeof location !== 'string') return answer;
      discard(answer);
      url = readUrl(location, url);
    }
    throw new FileFetchError({ kind: 'redirects' });
  }

  return {
    async fetch(url, signal) {
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const answer = await follow(url, AbortSignal.any([signal, timeout]));
        const fault = faultOfHead(answer);
        if (fault !== undefined) {
          discard(answer);
          throw new FileFetchError(fault);
        }
        const bytes = await answer.body.bytes();
        const mediaType = mediaTypeOf(bytes);
        if (mediaType === undefined) throw new FileFetchError({ kind: 'unknown-type' });
        return { mediaType, bytes };
      } catch (thrown) {
        if (signal.aborted) throw signal.reason;
        throw thrown instanceof FileFetchError ? thrown : new FileFetchError(faultOf(thrown, timeout));
      }
    },
    close: () => dispatcher.destroy(),
  };
}

function faultOfHead({ statusCode: status, headers }: Dispatcher.ResponseData): FileFault | undefined {
  if (status !== 200) return { kind: 'status', status };
  return Number(headers['content-length'] ?? 0) > fileMaxBytes ? { kind: 'too-large' } : undefined;
}

/** A body that nobody reads would keep its connection; one that is destroyed says so as an error. */
function discard({ body }: Dispatcher.ResponseData): void {
  body.on('error', () => {}).destroy();
}

function readUrl(text: string, base?: URL): URL {
  const url = text.length > urlMaxLength ? null : URL.parse(text, base?.href);
  const isUsable = url?.protocol === 'https:' && url.username === '' && url.password === '';
  if (!isUsable) throw new FileFetchError({ kind: 'bad-url' });
  return url;
}

function faultOf(thrown: unknown, timeout: AbortSignal): FileFault {
  if (timeout.aborted) return { kind: 'timeout' };
  return { kind: thrown instanceof errors.ResponseExceededMaxSizeError ? 'too-large' : 'unreachable' };
}

/** What a file is by its first bytes: servers are wrong about that, and providers look at the bytes. */
function mediaTypeOf(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12)).toString('latin1');
  return fileTypes.find(([beginning]) => beginning.test(head))?.[1];
}

const fileTypes: readonly (readonly [RegExp, string])[] = [
  [/^\u0089PNG\r\n/u, 'image/png'],
  [/^\u00ff\u00d8\u00ff/u, 'image/jpeg'],
  [/^GIF8[79]a/u, 'image/gif'],
  [/^RIFF[^]{4}WEBP/u, 'image/webp'],
  [/^%PDF-/u, 'application/pdf'],
];
