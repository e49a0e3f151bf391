export { createTranslation } from './create-translation.ts';
export { createToolMemory } from './tools/tool-memory.ts';
export type { ToolMemory } from './tools/tool-memory.ts';
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
} from './translation.ts';
export type { Warning } from './warning.ts';
