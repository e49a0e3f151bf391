import type { Endpoint } from '@ccg/catalog';
import { GatewayError } from '@ccg/kernel';
import type { HeaderList } from '@ccg/wire';

/** What was found where a provider's API should be. */
export type BaseUrlFinding =
  | { readonly kind: 'page' }
  | { readonly kind: 'redirect'; readonly status: number }
  | { readonly kind: 'path-unknown'; readonly status: number };

interface AnswerHead {
  readonly status: number;
  readonly headers: HeaderList;
}

/** Whether an answer came from somewhere else than an API, as far as its status and headers tell. */
export function findInHead({ status, headers }: AnswerHead): BaseUrlFinding | undefined {
  if (status >= 300 && status < 400) return { kind: 'redirect', status };
  return status < 300 && isPage(headers) ? { kind: 'page' } : undefined;
}

/** The same for a whole answer: servers also say in the body that they know no such path. */
export function findInAnswer({ status, headers, body }: AnswerHead & { readonly body: Uint8Array }) {
  const found = findInHead({ status, headers });
  if (found !== undefined || (status !== 404 && status !== 405)) return found;
  // What is longer than this is no such sentence.
  const text = body.length > 4096 ? '' : Buffer.from(body).toString('utf8').trim();
  if (apiError.test(text)) return undefined;
  const saysSo = text === '' ? body.length === 0 : plainText.test(text) || jsonText.test(text);
  return saysSo || isPage(headers) ? ({ kind: 'path-unknown', status } as const) : undefined;
}

/** Anthropic's own error is passed on to the client as it is. */
const apiError = /"type"\s*:\s*"error"/u;
/** Go's, Python's and other frameworks' own words. A model that is not known is told in other ones. */
const plainText = /^(?:404 )?(?:page )?(?:not found|method not allowed)$/iu;
const jsonText =
  /"(?:message|detail|error)"\s*:\s*"(?:(?:404 )?(?:page |file |resource )?not found\.?|method not allowed\.?|(?:unknown|invalid) (?:request )?url\b[^"]*|no route\b[^"]*|(?:route|path|endpoint)\b[^"]* not found[^"]*|cannot (?:post|get) \/[^"]*|unexpected endpoint\b[^"]*)"/iu;

/** What a client is told. It names no host: that is the operators' business. No retry can help. */
export function wrongBaseUrlError(
  target: { readonly provider: { readonly name: string }; readonly endpoint: Endpoint },
  finding: BaseUrlFinding,
): GatewayError {
  const { form } = target.endpoint;
  const text = `The base URL of the provider "${target.provider.name}" looks wrong: ${describeFinding(finding, form.paths.messages)}. Tell the gateway's operators to check it. ${form.baseUrlHint}`;
  return new GatewayError('upstream-malformed', text, { retry: 'never' });
}

/** A part of a sentence. */
export function describeFinding(finding: BaseUrlFinding, path: string): string {
  switch (finding.kind) {
    case 'page':
      return `${path} is a web page there, not an API`;
    case 'redirect':
      return `${path} redirects to another address there (HTTP ${finding.status})`;
    case 'path-unknown':
      return `there is no ${path} there (HTTP ${finding.status})`;
  }
}

function isPage(headers: HeaderList): boolean {
  const contentType = headers.find(([name]) => name === 'content-type')?.[1] ?? '';
  return /^(?:text\/html|application\/xhtml\+xml)\b/iu.test(contentType);
}
