import { requestPath } from '@ccg/catalog';
import type { Endpoint } from '@ccg/catalog';
import { GatewayError } from '@ccg/kernel';
import { bytesToString } from '@ccg/wire';
import type { HeaderList } from '@ccg/wire';

/** What was found where a provider's API should be. */
export type BaseUrlFinding =
  | { readonly kind: 'page' }
  | { readonly kind: 'text' }
  | { readonly kind: 'empty' }
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
  target: { readonly provider: { readonly name: string }; readonly model: string; readonly endpoint: Endpoint },
  finding: BaseUrlFinding,
): GatewayError {
  const { form } = target.endpoint;
  const found = describeFinding(finding, requestPath(form, { operation: 'messages', model: target.model }) ?? '');
  const text = `The base URL of the provider "${target.provider.name}" looks wrong: ${found}. Tell the gateway's operators to check it. ${form.baseUrlHint}`;
  return new GatewayError('upstream-malformed', text, { retry: 'never' });
}

/** A part of a sentence. */
export function describeFinding(finding: BaseUrlFinding, path: string): string {
  switch (finding.kind) {
    case 'page':
      return `${path} is a web page there, not an API`;
    case 'text':
      return `${path} answers with plain text there, not as an API`;
    case 'empty':
      return `${path} answers with an empty body there`;
    case 'redirect':
      return `${path} redirects to another address there (HTTP ${finding.status})`;
    case 'path-unknown':
      return `there is no ${path} there (HTTP ${finding.status})`;
  }
}

/** Tells whether the body of a successful answer is one of an API. */
interface BodyCheck {
  /** Takes the next bytes of the body; a finding as soon as they tell that it is not. */
  find(bytes: Uint8Array): BaseUrlFinding | undefined;
  /** The same for a body that has ended without telling. */
  findAtEnd(): BaseUrlFinding | undefined;
}

/**
 * Tells by the first bytes that are not blank: a page begins with a tag, and an answer does not. Of those that begin with
 * something else, only what looks like an answer is taken for one if its label says page or plain text.
 */
export function createBodyCheck(headers: HeaderList): BodyCheck {
  const label = labelOf(headers);
  let isDecided = false;
  return {
    find(bytes) {
      if (isDecided) return undefined;
      const text = bytesToString(bytes.subarray(0, 64)).replace(/^[\s\u00ef\u00bb\u00bf]+/u, '');
      if (text === '') return undefined;
      isDecided = true;
      if (text.startsWith('<')) return { kind: 'page' };
      if (label === 'answer' || answerBeginnings.some((one) => beginAlike(one, text))) return undefined;
      return { kind: label };
    },
    findAtEnd() {
      if (isDecided || isEventStream(headers)) return undefined;
      return { kind: label === 'page' ? 'page' : 'empty' };
    },
  };
}

function labelOf(headers: HeaderList): 'page' | 'text' | 'answer' {
  if (isPage(headers)) return 'page';
  return /^(?:text\/plain)\b/iu.test(contentTypeOf(headers)) ? 'text' : 'answer';
}

const answerBeginnings = ['{', '[', ':', 'data:', 'event:', 'id:', 'retry:'];

/** A chunk may end anywhere. */
function beginAlike(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

function isPage(headers: HeaderList): boolean {
  return /^(?:text\/html|application\/xhtml\+xml)\b/iu.test(contentTypeOf(headers));
}

/** An empty one is a stream that broke off before its first event. */
function isEventStream(headers: HeaderList): boolean {
  return /^text\/event-stream\b/iu.test(contentTypeOf(headers));
}

function contentTypeOf(headers: HeaderList): string {
  return headers.find(([name]) => name === 'content-type')?.[1] ?? '';
}
