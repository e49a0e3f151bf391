/** Where a request wants to go, after the `{provider}:{model}` prefix was taken off its URL. */
export interface RequestTarget {
  readonly prefix: { readonly provider: string; readonly model: string } | undefined;
  /** The path that remains, such as `/v1/messages`; `/` when nothing does. */
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
}

/**
 * Reads a raw request URL. Models contain slashes and colons (`/openai:vendor/model:tag/v1/messages`), so the
 * prefix is all that stands before the last `/v1/`, and the provider the text before the first colon. A base URL
 * that ends in `/v1` makes clients send `/v1/v1/…`, which means the same as `/v1/…`. Clients that take the gateway for
 * a proxy send an absolute URL, of which only the path counts. Gives undefined for a malformed escape.
 */
export function parseTarget(rawUrl: string): RequestTarget | undefined {
  const url = rawUrl.startsWith('/') ? rawUrl : rawUrl.replace(/^https?:\/\/[^/?]*/iu, '');
  const questionMark = url.indexOf('?');
  const rawPath = questionMark === -1 ? url : url.slice(0, questionMark);
  const query = questionMark === -1 ? '' : url.slice(questionMark);
  const decoded = decodePath(rawPath || '/');
  if (decoded === undefined) return undefined;
  const path = tidy(decoded);
  const start = endpointStart(path);
  const prefix = readPrefix(path.slice(1, start));
  if (prefix === undefined) return { prefix: undefined, path, query };
  return { prefix, path: path.slice(start) || '/', query };
}

function decodePath(rawPath: string): string | undefined {
  if (!rawPath.includes('%')) return rawPath;
  try {
    return decodeURIComponent(rawPath);
  } catch {
    return undefined;
  }
}

function tidy(path: string): string {
  const single = path.replace(/\/{2,}/gu, '/').replace(/(?:\/v1)+(?=\/v1(?:\/|$))/gu, '');
  return single.length > 1 && single.endsWith('/') ? single.slice(0, -1) : single;
}

/** Where the endpoint's own path begins behind a prefix. */
function endpointStart(path: string): number {
  const versioned = path.lastIndexOf('/v1/');
  if (versioned !== -1) return versioned;
  for (const ending of ['/api/hello', '/v1']) {
    if (path.endsWith(ending)) return path.length - ending.length;
  }
  return path.length;
}

function readPrefix(text: string): { provider: string; model: string } | undefined {
  const colon = text.indexOf(':');
  if (colon < 1 || text.slice(0, colon).includes('/')) return undefined;
  return { provider: text.slice(0, colon), model: text.slice(colon + 1) };
}
