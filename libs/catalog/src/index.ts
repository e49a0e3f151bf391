export { efforts } from './capabilities/capabilities.ts';
export type {
  ChatCapabilities,
  ChatProfile,
  Effort,
  OperatorThinking,
  ThinkingForm,
  ToolIdRule,
} from './capabilities/capabilities.ts';
export { anthropicCapabilities } from './capabilities/anthropic-capabilities.ts';
export type { AnthropicCapabilities, AnthropicProfile } from './capabilities/anthropic-capabilities.ts';
export { chatCapabilities } from './capabilities/chat-capabilities.ts';
export { thinkTags } from './capabilities/think-tags.ts';
export type { ThinkTags } from './capabilities/think-tags.ts';
export type { Catalog } from './catalog.ts';
export { createModelLimitRegistry } from './create-model-limit-registry.ts';
export type { ModelLimitRegistry } from './create-model-limit-registry.ts';
export { catalogFromEnv, catalogSchema } from './from-env.ts';
export type { CatalogFromEnv, CatalogVariables } from './from-env.ts';
export { findModel, listModels } from './list-models.ts';
export type { ListedModel } from './list-models.ts';
export type { ModelLimits } from './model-limits.ts';
export type {
  AnthropicProvider,
  Dialect,
  NemotronSwitches,
  OpenAiChatProvider,
  Provider,
  Route,
  Target,
} from './provider.ts';
export { readModelList } from './read-model-list.ts';
export { resolveRoute } from './resolve-route.ts';
export type { RouteRequest } from './resolve-route.ts';
export { optionalText, wholeNumber } from './variables.ts';
