import type { Target } from '@ccg/catalog';
import { assertNever, GatewayError } from '@ccg/kernel';
import { findUrlSources, withFiles } from '@ccg/translation';
import type { InlineFile, UrlSource } from '@ccg/translation';
import { FileFetchError, fileMaxBytes, fileTimeoutMs } from '@ccg/upstream';
import type { FileFetcher } from '@ccg/upstream';
import type { MessagesRequest } from '@ccg/wire';
import type { Attempt } from './attempt.ts';
import { failureOf } from './call-target.ts';
import { notMeasured } from './record.ts';

/**
 * The request with the images and documents that its target takes as bytes alone, fetched by their URLs. Rejects with
 * `request-invalid` that names the block of one that cannot be had. A promise only where there is something to fetch.
 */
export type InlineFiles = (
  messagesRequest: MessagesRequest,
  target: Target,
  signal: AbortSignal,
) => MessagesRequest | Promise<MessagesRequest>;

/** An attempt that gets the files which its target takes as bytes alone. */
export function withInlineFiles(attempt: Attempt, inlineFiles: InlineFiles): Attempt {
  return async (job, target) => {
    try {
      const inlined = inlineFiles(job.messagesRequest, target, job.sink.signal);
      if (inlined === job.messagesRequest) return attempt(job, target);
      return attempt({ ...job, messagesRequest: await inlined }, target);
    } catch (thrown) {
      const failure = failureOf(thrown, job.sink.signal, target);
      const isOfRequest = failure instanceof GatewayError && failure.code === 'request-invalid';
      const why = { class: isOfRequest ? 'untranslatable' : 'interrupted', visible: false } as const;
      return { kind: 'failed', target, failure, attempts: [], warnings: [], ...notMeasured, ...why };
    }
  };
}

const filesMax = 20;
const requestMaxBytes = 20 * 1024 * 1024;

/** Without a fetcher an image by URL is refused; a document stays the address that it is. */
export function createInlineFiles(fetcher: FileFetcher | undefined): InlineFiles {
  return (messagesRequest, target, signal) => {
    const inlined = target.inlineMedia.filter((what) => what === 'image' || fetcher !== undefined);
    if (inlined.length === 0) return messagesRequest;
    const sources = findUrlSources(messagesRequest).filter(({ what }) => inlined.includes(what));
    const [first] = sources;
    if (first === undefined) return messagesRequest;
    if (fetcher === undefined) throw notFetched(first, target);
    const surplus = sources[filesMax];
    if (surplus !== undefined) {
      throw refusal(
        surplus,
        `at most ${filesMax} images and documents of a request are fetched. Send the others as base64`,
      );
    }
    return fetchAll(sources, fetcher, signal).then((files) => withFiles(messagesRequest, files));
  };
}

/** Every URL is fetched once; the first failure ends the other fetches. */
async function fetchAll(sources: readonly UrlSource[], fetcher: FileFetcher, signal: AbortSignal) {
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const fetches = new Map<string, Promise<InlineFile>>();
  for (const { url } of sources) if (!fetches.has(url)) fetches.set(url, fetcher.fetch(url, either));
  let totalBytes = 0;
  const take = async (source: UrlSource): Promise<readonly [UrlSource, InlineFile]> => {
    const file = await (fetches.get(source.url) ?? fetcher.fetch(source.url, either)).catch((thrown: unknown) => {
      throw thrown instanceof FileFetchError ? refusal(source, reasonOf(thrown)) : thrown;
    });
    const isRightType = file.mediaType.startsWith('image/') === (source.what === 'image');
    if (!isRightType) throw refusal(source, unknownType);
    totalBytes += file.bytes.length;
    if (totalBytes <= requestMaxBytes) return [source, file];
    throw refusal(source, `the files of a request have ${inMegabytes(requestMaxBytes)} together at most`);
  };
  try {
    return await Promise.all(sources.map(take));
  } catch (thrown) {
    ending.abort(thrown);
    throw thrown;
  }
}

function notFetched(source: UrlSource, { provider }: Target): GatewayError {
  return refusal(
    source,
    `the provider "${provider.name}" takes images as base64 alone, and this gateway does not fetch URLs. Send the image as base64, or ask the gateway's operators to set FETCH_IMAGE_URLS=true`,
  );
}

const unknownType = 'the file at the URL is neither PNG, JPEG, GIF or WebP for an image, nor PDF for a document';

function reasonOf({ fault }: FileFetchError): string {
  switch (fault.kind) {
    case 'bad-url':
      return 'the URL must begin with https:// and hold no user name. Send the file as base64';
    case 'unreachable':
      return 'the URL cannot be fetched: its host does not answer, or has no public address. Send the file as base64';
    case 'timeout':
      return `the file did not come within ${fileTimeoutMs / 1000} s. Send it as base64`;
    case 'status':
      return `the URL answers with HTTP ${fault.status}. Check it, or send the file as base64`;
    case 'redirects':
      return 'the URL redirects too often. Name the last one, or send the file as base64';
    case 'too-large':
      return `the file has more than ${inMegabytes(fileMaxBytes)}. Send a smaller one`;
    case 'unknown-type':
      return unknownType;
    default:
      return assertNever(fault);
  }
}

function inMegabytes(bytes: number): string {
  return `${bytes / 1024 / 1024} MB`;
}

function refusal({ path }: UrlSource, problem: string): GatewayError {
  return new GatewayError('request-invalid', `${path}: ${problem}.`);
}
