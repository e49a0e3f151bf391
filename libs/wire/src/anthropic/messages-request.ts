import { GatewayError } from '@ccg/kernel';
import { bytesToString } from '../bytes.ts';
import { JsonDepthError, JsonLimitError, JsonSyntaxError, isText } from '../json/json-value.ts';
import type { JsonValue } from '../json/json-value.ts';
import { readFrom } from '../json/read-json.ts';
import type { Span } from '../json/read-json.ts';
import { readTopLevel } from '../json/read-top-level.ts';
import type { TopLevelEntry } from '../json/read-top-level.ts';
import { mendSurrogates } from '../json/surrogates.ts';
import { decodeText } from '../json/text.ts';
import { countHistory } from './history-size.ts';
import type { HistorySize } from './history-size.ts';

/** What every dialect needs of a Messages request. */
export interface MessagesRequest {
  /** The members of the body and their offsets in it. */
  readonly entries: readonly TopLevelEntry[];
  /** Unicode text, not empty. */
  readonly model: string;
  readonly stream: boolean;
  /** A whole number of 0 or more; undefined if the body has none. */
  readonly maxTokens: number | undefined;
  /** The place of the model's name in the body, quotes included. */
  readonly modelSpan: Span;
  /** The whole body as it came. */
  body(): Uint8Array;
  /** A member of the body; undefined if there is none. If a name occurs twice the last one counts, as in `JSON.parse`. */
  entryOf(key: string): TopLevelEntry | undefined;
  /** The bytes of a member of the body; undefined if there is none. */
  bytesOf(key: string): Uint8Array | undefined;
  /**
   * Reads a member of the body, the first time that it is asked for; one that no dialect looks into stays `RawJson`.
   * Throws `request-invalid` if it is not JSON.
   */
  read(key: string): Member | undefined;
  /** Counts the messages and blocks of the body, the first time that it is asked for. */
  historySize(): HistorySize;
  /** Releases what was read of the body, while that stays: a member that is asked for later is read again. */
  releaseMembers(): void;
  /**
   * Releases the body and all that was read of it, so that a long answer does not keep it in memory. The methods above
   * throw from then on.
   */
  release(): void;
}

/** One member at the top level of a body. */
export interface Member {
  /** Its bytes as they came, and as a byte string, from which the raw values in `value` are slices. */
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly value: JsonValue;
  /** Whether halves of surrogate pairs stood alone. In `text` and `value` they are U+FFFD. */
  readonly isMended: boolean;
}

const EXAMPLE = '{"model": "…", "max_tokens": 1024, "messages": […]}';
/** Claude Code sends 11 members. An object of 100,000, or a number of a million digits, takes half a second to read. */
const limits = { members: 1000, nameLength: 1000, numberLength: 1000 };
/** The deepest nesting that is accepted. A body of brackets alone must not exhaust the stack. */
const depthMax = 512;
/** Members that are moved or left out as a whole, so their values are not read. */
const movedKeys: ReadonlySet<string> = new Set([
  'input',
  'input_schema',
  'metadata',
  'safeguards',
  'context_management',
  'cache_control',
  'input_examples',
]);
/** Members whose values the dialects look into. Others are checked alone. */
const readKeys: ReadonlySet<string> = new Set([
  'system',
  'messages',
  'tools',
  'tool_choice',
  'thinking',
  'thread',
  'metadata',
  'output_config',
  'output_format',
  'stop_sequences',
  'mcp_servers',
  'container',
]);

/**
 * Reads the top level of a Messages body, and nothing below it. Throws `request-invalid` with what to do if the body is
 * not a JSON object, if `model` is missing, or if `model`, `stream` or `max_tokens` occur twice (parsers differ in which
 * one they take) or have the wrong type. `tell` is told what of it is known by then.
 */
export function readMessagesRequest(
  body: Uint8Array,
  tell: (asked: { readonly model: string; readonly stream: boolean | undefined }) => void = () => {},
): MessagesRequest {
  const entries = readEntries(body);
  const modelEntry = findEntry(entries, 'model');
  if (modelEntry === undefined) throw invalid('The body has no "model"; name the model that is to answer.');
  const model = modelOf(modelEntry);
  tell({ model, stream: undefined });
  const stream = streamOf(findEntry(entries, 'stream'));
  tell({ model, stream });
  return {
    entries,
    model,
    stream,
    maxTokens: maxTokensOf(findEntry(entries, 'max_tokens')),
    modelSpan: { start: modelEntry.start, end: modelEntry.end },
    ...holdBody(body, entries),
  };
}

function readEntries(body: Uint8Array): readonly TopLevelEntry[] {
  try {
    return readTopLevel(body, limits).entries;
  } catch (error) {
    if (error instanceof JsonLimitError) throw tooComplex(error);
    if (error instanceof JsonSyntaxError) throw invalid(adviceOn(body, error));
    throw error;
  }
}

function adviceOn(body: Uint8Array, error: JsonSyntaxError): string {
  const source = bytesToString(body);
  if (source.trim() === '') return `The body is empty; send a JSON object: ${EXAMPLE}.`;
  if (source.startsWith('\u00ef\u00bb\u00bf')) {
    return 'The body begins with a byte order mark; send JSON in UTF-8 without one.';
  }
  if (!source.trimStart().startsWith('{')) return `The body is not a JSON object; send one: ${EXAMPLE}.`;
  return notJson(error);
}

function findEntry(entries: readonly TopLevelEntry[], key: string): TopLevelEntry | undefined {
  const found = entries.find((entry) => entry.key === key);
  if (found === entries.findLast((entry) => entry.key === key)) return found;
  const count = entries.filter((entry) => entry.key === key).length;
  throw invalid(`The body has ${count === 2 ? 'two' : count} "${key}" keys; send one.`);
}

function modelOf({ scalar }: TopLevelEntry): string {
  const model = isText(scalar) ? decodeText(scalar) : '';
  if (model.trim() === '') {
    throw invalid('"model" must be a string that is not empty; name the model that is to answer.');
  }
  return model;
}

function streamOf(entry: TopLevelEntry | undefined): boolean {
  const stream = entry === undefined ? null : entry.scalar;
  if (stream === null) return false;
  if (typeof stream !== 'boolean') throw invalid('"stream" must be true or false, or left out.');
  return stream;
}

function maxTokensOf(entry: TopLevelEntry | undefined): number | undefined {
  if (entry === undefined) return undefined;
  const { scalar } = entry;
  if (typeof scalar !== 'number' || !Number.isInteger(scalar) || scalar < 0) {
    throw invalid('"max_tokens" must be a whole number of tokens, such as 1024.');
  }
  return scalar;
}

function holdBody(
  whole: Uint8Array,
  entries: readonly TopLevelEntry[],
): Pick<MessagesRequest, 'body' | 'entryOf' | 'bytesOf' | 'read' | 'historySize' | 'releaseMembers' | 'release'> {
  const members = new Map<string, Member>();
  let held: Uint8Array | undefined = whole;
  let size: HistorySize | undefined;

  function body(): Uint8Array {
    if (held === undefined) throw new Error('The body was released.');
    return held;
  }

  const entryOf = (key: string) => entries.findLast((each) => each.key === key);

  function bytesOf(key: string): Uint8Array | undefined {
    const entry = entryOf(key);
    return entry === undefined ? undefined : body().subarray(entry.start, entry.end);
  }

  return {
    body,
    entryOf,
    bytesOf,
    read(key) {
      const known = members.get(key);
      if (known !== undefined) return known;
      const bytes = bytesOf(key);
      if (bytes === undefined) return undefined;
      const member = readMember(bytes, bytes.byteOffset - body().byteOffset, !readKeys.has(key));
      members.set(key, member);
      return member;
    },
    historySize: () => (size ??= countHistory(bytesOf('messages'), bytesOf('system'))),
    releaseMembers() {
      members.clear();
    },
    release() {
      held = undefined;
      members.clear();
    },
  };
}

function readMember(bytes: Uint8Array, offset: number, isRaw: boolean): Member {
  const source = bytesToString(bytes);
  const options = { isRaw, rawKeys: movedKeys, maxDepth: depthMax - 1, limits };
  try {
    const { value, hasSurrogates } = readFrom(source, offset, options);
    const text = hasSurrogates ? mendSurrogates(source) : source;
    if (text === source) return { bytes, text, value, isMended: false };
    return { bytes, text, value: readFrom(text, offset, options).value, isMended: true };
  } catch (error) {
    if (error instanceof JsonDepthError) {
      throw invalid(`The body is nested more than ${depthMax} levels deep. Flatten it.`);
    }
    if (error instanceof JsonLimitError) throw tooComplex(error);
    if (error instanceof JsonSyntaxError) throw invalid(notJson(error));
    throw error;
  }
}

function tooComplex({ message }: JsonLimitError): GatewayError {
  return invalid(`The body is too complex. ${message} Send large data as text, or in parts.`);
}

function notJson({ message }: JsonSyntaxError): string {
  return `The body is not valid JSON. ${message} Correct it and send it again.`;
}

function invalid(message: string): GatewayError {
  return new GatewayError('request-invalid', message);
}

/** The tools of a prompt. Clients send the same long list with every request, so it is read only if it is new. */
export interface PromptTools {
  /** In bytes. */
  readonly size: number;
  /** The digest of their bytes. */
  digest(): string;
  read(): JsonValue;
}
