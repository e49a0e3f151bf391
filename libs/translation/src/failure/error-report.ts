import { decodeByteString } from '@ccg/wire';
import type { HeaderList, JsonObject, JsonValue } from '@ccg/wire';
import { asCount, asList, asObject, asText, tryReadJson } from '../json-fields.ts';

/** What an upstream's error body says, whichever of the many shapes it has. */
export interface ErrorReport {
  /** Readable text without markup, as long as the upstream made it; undefined when there is none. */
  readonly message: string | undefined;
  readonly type: string | undefined;
  /** A name such as `context_length_exceeded`, or a number as text. */
  readonly code: string | undefined;
  /** Numbers that llama.cpp puts beside the text of an overflow. */
  readonly promptTokens: number | undefined;
  readonly windowTokens: number | undefined;
  /** Headers that OpenRouter puts beside the text of a rate limit, names in lower case. */
  readonly headers: HeaderList;
}

const nothing: ErrorReport = {
  message: undefined,
  type: undefined,
  code: undefined,
  promptTokens: undefined,
  windowTokens: undefined,
  headers: [],
};

/** Reads an error body of any server. `body` is a byte string; what is not JSON counts as text unless it is HTML. */
export function readErrorBody(body: string): ErrorReport {
  const value = tryReadJson(body);
  return value === undefined || typeof value === 'number'
    ? { ...nothing, message: readable(decodeByteString(body)) }
    : readErrorValue(value);
}

/** Reads an error that has been parsed: a whole body, or the `error` member of one. */
export function readErrorValue(value: JsonValue): ErrorReport {
  const body = asObject(Array.isArray(value) ? value[0] : value);
  if (body === undefined) return { ...nothing, message: readable(asText(value)) };
  const error = asObject(body['error']) ?? body;
  return {
    message: messageOf(error, body),
    type: asText(error['type']),
    code: codeOf(error['code']),
    promptTokens: asCount(error['n_prompt_tokens']),
    windowTokens: asCount(error['n_ctx']),
    headers: headersOf(asObject(error['metadata'])),
  };
}

/** The first 500 characters of an upstream's text, on one line. */
export function shorten(text: string): string {
  const line = text.replace(/\s+/gu, ' ').trim();
  return line.length <= 500 ? line : `${line.slice(0, 499)}…`;
}

function messageOf(error: JsonObject, body: JsonObject): string | undefined {
  const text =
    asText(error['message']) ??
    asText(body['error']) ??
    detail(body['detail']) ??
    asText(body['title']) ??
    asText(body['message']);
  const metadata = asObject(error['metadata']);
  return readable(metadata === undefined ? text : withMetadata(text, metadata));
}

/** FastAPI servers list one entry per field. */
function detail(value: JsonValue | undefined): string | undefined {
  if (!Array.isArray(value)) return asText(value);
  const lines = asList(value).map((entry) => {
    const { loc, msg } = asObject(entry) ?? {};
    const path = asList(loc).map((step) => (typeof step === 'number' ? String(step) : (asText(step) ?? '')));
    return `${path.join('.')}: ${asText(msg) ?? ''}`;
  });
  return lines.length === 0 ? undefined : lines.join('; ');
}

/** OpenRouter says only here which backend failed, and how. */
function withMetadata(text: string | undefined, metadata: JsonObject): string | undefined {
  const raw = asText(metadata['raw']);
  const parts = [text, asText(metadata['provider_name']), raw === undefined ? undefined : readErrorBody(raw).message];
  const known = parts.filter((part) => part !== undefined && part !== '');
  return known.length === 0 ? undefined : known.join(': ');
}

function headersOf(metadata: JsonObject | undefined): HeaderList {
  const headers = asObject(metadata?.['headers']) ?? {};
  return Object.entries(headers).flatMap(([name, value]) => {
    const text = codeOf(value);
    return text === undefined ? [] : [[name.toLowerCase(), text] as const];
  });
}

function codeOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'number' ? String(value) : asText(value);
}

function readable(text: string | undefined): string | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  const start = text.slice(0, 4000);
  return /<(?:!doctype|html|head|body|title|center|h1|pre)\b/iu.test(start) ? undefined : start.trim();
}
