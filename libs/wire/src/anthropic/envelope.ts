import { GatewayError } from '@ccg/kernel';
import { bytesToString } from '../bytes.ts';
import { JsonSyntaxError } from '../json/json-errors.ts';
import { isText } from '../json/json-value.ts';
import { readJson } from '../json/read-json.ts';
import { readTopLevel } from '../json/read-top-level.ts';
import type { TopLevelEntry } from '../json/read-top-level.ts';
import { decodeText } from '../json/text.ts';

/** A stretch of a byte string, from `start` up to `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A Messages request as far as every dialect acts on it. */
export interface Envelope {
  /** The whole body as it came. */
  readonly body: Uint8Array;
  /** The same as a byte string. */
  readonly source: string;
  /** Unicode text, not empty. */
  readonly model: string;
  readonly stream: boolean;
  /** A whole number, not below zero; undefined when the body has none. */
  readonly maxTokens: number | undefined;
  /** Where the values stand in `source`. */
  readonly spans: { readonly model: Span; readonly stream?: Span; readonly maxTokens?: Span };
}

const EXAMPLE = '{"model": "…", "max_tokens": 1024, "messages": […]}';

/**
 * Reads what the gateway acts on from the top level of a Messages body, and nothing below it. Throws
 * `request-invalid` with what to do when the body is not one JSON object, when `model`, `stream` or `max_tokens` come
 * twice (parsers differ in which one they take) or have the wrong type, and when there is no `model`.
 */
export function readEnvelope(body: Uint8Array): Envelope {
  const source = bytesToString(body);
  const entries = readEntries(source);
  const model = findEntry(entries, 'model');
  const stream = findEntry(entries, 'stream');
  const maxTokens = findEntry(entries, 'max_tokens');
  if (model === undefined) throw invalid('The body has no "model"; name the model that is to answer.');
  return {
    body,
    source,
    model: readModel(source, model),
    stream: readStream(source, stream),
    maxTokens: readMaxTokens(source, maxTokens),
    spans: {
      model: toSpan(model),
      ...(stream === undefined ? {} : { stream: toSpan(stream) }),
      ...(maxTokens === undefined ? {} : { maxTokens: toSpan(maxTokens) }),
    },
  };
}

function readEntries(source: string): readonly TopLevelEntry[] {
  try {
    return readTopLevel(source).entries;
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw invalid(adviceOn(source, error));
    throw error;
  }
}

function adviceOn(source: string, error: JsonSyntaxError): string {
  if (source.trim() === '') return `The body is empty; send a JSON object: ${EXAMPLE}.`;
  if (source.startsWith('\u00ef\u00bb\u00bf')) {
    return 'The body begins with a byte order mark; send JSON in UTF-8 without one.';
  }
  if (!source.trimStart().startsWith('{')) return `The body is not a JSON object; send one: ${EXAMPLE}.`;
  return `The body is not valid JSON. ${error.message} Correct it and send it again.`;
}

function findEntry(entries: readonly TopLevelEntry[], key: string): TopLevelEntry | undefined {
  const found = entries.filter((entry) => entry.key === key);
  if (found.length > 1) {
    throw invalid(`The body has ${found.length === 2 ? 'two' : found.length} "${key}" keys; send one.`);
  }
  return found[0];
}

function readModel(source: string, span: Span): string {
  const model = readScalar(source, span);
  if (typeof model !== 'string' || model.trim() === '') {
    throw invalid('"model" must be a string that is not empty; name the model that is to answer.');
  }
  return model;
}

function readStream(source: string, span: Span | undefined): boolean {
  const stream = span === undefined ? null : readScalar(source, span);
  if (stream === null) return false;
  if (typeof stream !== 'boolean') throw invalid('"stream" must be true or false, or left out.');
  return stream;
}

function readMaxTokens(source: string, span: Span | undefined): number | undefined {
  if (span === undefined) return undefined;
  const maxTokens = readScalar(source, span);
  if (typeof maxTokens !== 'number' || !Number.isInteger(maxTokens) || maxTokens < 0) {
    throw invalid('"max_tokens" must be a whole number of tokens, such as 1024.');
  }
  return maxTokens;
}

type Scalar = null | boolean | number | string;

/** Undefined for an array or an object, which is not read. */
function readScalar(source: string, span: Span): Scalar | undefined {
  const value = '{['.includes(source.charAt(span.start)) ? undefined : readJson(source.slice(span.start, span.end));
  if (isText(value)) return decodeText(value);
  return typeof value === 'object' && value !== null ? undefined : value;
}

function toSpan({ start, end }: TopLevelEntry): Span {
  return { start, end };
}

function invalid(message: string): GatewayError {
  return new GatewayError('request-invalid', message);
}
