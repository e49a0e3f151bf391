export { createTranslation } from './create-translation.ts';
export type {
  Answer,
  FrameSink,
  IdSource,
  OutputLimit,
  OwnAnswer,
  Progress,
  PromptSize,
  Sealer,
  StreamTranslator,
  Translation,
  TranslationInput,
  UpstreamAnswer,
  UpstreamFailure,
  UpstreamRequest,
  Warning,
} from './translation.ts';
