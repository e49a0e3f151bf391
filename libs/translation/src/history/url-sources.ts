import {
  JsonDepthError,
  JsonSyntaxError,
  readElements,
  readMembers,
  readMessagesRequest,
  readSpan,
  spliceBytes,
} from '@ccg/wire';
import type { MemberSpan, MessagesRequest, Span } from '@ccg/wire';
import { asText } from '../json-fields.ts';
import { isHistoryTooLong } from '../request/read-request.ts';

/** An image or a document of which a history has only the URL. */
export interface UrlSource {
  readonly what: 'image' | 'document';
  /** The path of its source, such as `messages.0.content.1.source`. */
  readonly path: string;
  readonly url: string;
  /** The place of the source in the body. */
  readonly span: Span;
}

/** A file that takes the place of its URL. */
export interface InlineFile {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

const urlKey = Buffer.from('"url"');

/**
 * The images and documents of a history that are given by URL, in its messages and in the results of tools. A body
 * without any costs one search. What is not valid is left for the translation to refuse.
 */
export function findUrlSources(messagesRequest: MessagesRequest): readonly UrlSource[] {
  const messages = messagesRequest.bytesOf('messages');
  if (messages === undefined || !viewOf(messages).includes(urlKey) || isHistoryTooLong(messagesRequest)) return [];
  const bytes = messagesRequest.body();
  const entry = messagesRequest.entries.findLast(({ key }) => key === 'messages');
  if (entry === undefined) return [];
  try {
    return elementsOf(bytes, entry).flatMap((message, index) =>
      sourcesIn(bytes, memberOf(bytes, message, 'content'), `messages.${index}.content`),
    );
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError || thrown instanceof JsonDepthError) return [];
    throw thrown;
  }
}

/** The request with files in the place of their URLs. Releasing it releases the one that it was made of. */
export function withFiles(
  messagesRequest: MessagesRequest,
  files: readonly (readonly [UrlSource, InlineFile])[],
): MessagesRequest {
  const splices = files
    .map(([{ span }, file]) => ({ start: span.start, end: span.end, replacement: sourceOf(file) }))
    .toSorted((a, b) => a.start - b.start);
  const made = readMessagesRequest(spliceBytes(messagesRequest.body(), splices));
  return {
    ...made,
    maxTokens: messagesRequest.maxTokens,
    release() {
      made.release();
      messagesRequest.release();
    },
  };
}

function sourceOf({ mediaType, bytes }: InlineFile): string {
  return `{"type":"base64","media_type":${JSON.stringify(mediaType)},"data":"${viewOf(bytes).toString('base64')}"}`;
}

function sourcesIn(bytes: Uint8Array, content: Span | undefined, path: string): UrlSource[] {
  return elementsOf(bytes, content).flatMap((block, index): UrlSource[] => {
    const at = `${path}.${index}`;
    const type = textAt(bytes, memberOf(bytes, block, 'type'));
    if (type === 'tool_result') return sourcesIn(bytes, memberOf(bytes, block, 'content'), `${at}.content`);
    if (type !== 'image' && type !== 'document') return [];
    const span = memberOf(bytes, block, 'source');
    const isUrl = span !== undefined && textAt(bytes, memberOf(bytes, span, 'type')) === 'url';
    const url = isUrl ? textAt(bytes, memberOf(bytes, span, 'url')) : undefined;
    return span === undefined || url === undefined ? [] : [{ what: type, path: `${at}.source`, url, span }];
  });
}

const OPEN_BRACE = '{'.charCodeAt(0);
const OPEN_BRACKET = '['.charCodeAt(0);
const QUOTE = '"'.charCodeAt(0);

function elementsOf(bytes: Uint8Array, list: Span | undefined): readonly Span[] {
  return list === undefined || bytes[list.start] !== OPEN_BRACKET ? [] : readElements(bytes, list);
}

/** If a name occurs twice the last one counts, as in `JSON.parse`. */
function memberOf(bytes: Uint8Array, object: Span, name: string): MemberSpan | undefined {
  if (bytes[object.start] !== OPEN_BRACE) return undefined;
  return readMembers(bytes, object).findLast(({ key }) => key === name);
}

function textAt(bytes: Uint8Array, member: Span | undefined): string | undefined {
  return member === undefined || bytes[member.start] !== QUOTE ? undefined : asText(readSpan(bytes, member));
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
