export { createTranslation } from './create-translation.ts';
export { findUrlSources, withFiles } from './history/url-sources.ts';
export type { InlineFile, UrlSource } from './history/url-sources.ts';
export { checkRequestSize } from './request/read-request.ts';
export { createToolListCache } from './tools/tool-list-cache.ts';
export type { ToolListCache } from './tools/tool-list-cache.ts';
export { codeOf, ownWordsOf } from './failure/upstream-failure.ts';
export type { Rejection } from './failure/rejections.ts';
export { sealTag } from './translation.ts';
export type {
  Answer,
  AnswerReader,
  FrameSink,
  IdSource,
  OutputLimit,
  LocalAnswer,
  Progress,
  PromptCount,
  PromptSize,
  Sealer,
  StreamTranslator,
  Translation,
  TranslationInput,
  UpstreamAnswer,
  UpstreamFailure,
  UpstreamRequest,
} from './translation.ts';
export type { Warning } from './warnings.ts';
