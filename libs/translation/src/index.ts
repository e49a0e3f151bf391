export { createTranslation } from './create-translation.ts';
export type {
  Answer,
  FrameSink,
  IdSource,
  Progress,
  PromptSize,
  StreamTranslator,
  Translation,
  TranslationInput,
  UpstreamAnswer,
  UpstreamFailure,
  UpstreamRequest,
  Warning,
} from './translation.ts';
