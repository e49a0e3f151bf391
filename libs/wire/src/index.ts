export {
  bytesToString,
  decodeByteString,
  encodeText,
  isUtf8Bytes,
  isUtf8Text,
  joinBytes,
  spliceBytes,
  stringToBytes,
} from './bytes.ts';
export type { Splice } from './bytes.ts';
export { noUsage } from './normal-forms.ts';
export type { HeaderList, Usage } from './normal-forms.ts';
export { errorEnvelope, errorFrame, readAnthropicUsage, streamErrorType } from './anthropic/answer.ts';
export type { WireError } from './anthropic/answer.ts';
export { isAttribution, readClientIdentity, toolPlaceholderName } from './anthropic/claude-code.ts';
export type { ClientIdentity } from './anthropic/claude-code.ts';
export type { HistorySize } from './anthropic/history-size.ts';
export { readMessagesRequest } from './anthropic/messages-request.ts';
export type { Member, MessagesRequest, PromptTools } from './anthropic/messages-request.ts';
export {
  JoinedText,
  JsonDepthError,
  JsonSyntaxError,
  RawJson,
  RawText,
  copyJson,
  copyText,
  isJsonObject,
  isText,
} from './json/json-value.ts';
export type { JsonArray, JsonObject, JsonText, JsonValue } from './json/json-value.ts';
export { compactJson } from './json/compact-json.ts';
export { createJsonEvents } from './json/json-events.ts';
export type { JsonEvents, JsonListener } from './json/json-events.ts';
export { readJson, readSpan } from './json/read-json.ts';
export type { ReadJsonOptions, Span } from './json/read-json.ts';
export { readElements, readMembers, readTopLevel } from './json/read-top-level.ts';
export type { MemberSpan, TopLevel, TopLevelEntry } from './json/read-top-level.ts';
export { mendSurrogates } from './json/surrogates.ts';
export { decodeJson, decodeText, isEmptyText, joinTexts, textStartsWith } from './json/text.ts';
export { writeJson, writeJsonBytes } from './json/write-json.ts';
export { createFrameSplitter } from './stream/frame-splitter.ts';
export type { FrameSplitter, FrameSplitterOptions } from './stream/frame-splitter.ts';
export { createNdjsonDecoder } from './stream/ndjson.ts';
export type { NdjsonDecoder, NdjsonDecoderOptions } from './stream/ndjson.ts';
export { createSseDecoder, sseFrame } from './stream/sse.ts';
export type { SseDecoder, SseDecoderOptions, SseEvent } from './stream/sse.ts';
