export { efforts } from './capabilities/capabilities.ts';
export type {
  ChatCapabilities,
  ChatProfile,
  Effort,
  OperatorThinking,
  ThinkingForm,
  ToolIdRule,
} from './capabilities/capabilities.ts';
export type { AnthropicCapabilities, AnthropicProfile } from './capabilities/anthropic-capabilities.ts';
export type { ThinkTags } from './capabilities/think-tags.ts';
export type { Catalog } from './catalog.ts';
export type { Dialect, DialectForm } from './dialects.ts';
export { catalogFromEnv, catalogSchema } from './from-env.ts';
export type { CatalogFromEnv, CatalogVariables } from './from-env.ts';
export { findModel, listModels } from './list-models.ts';
export type { ListedModel } from './list-models.ts';
export type { ModelLimits } from './model-limits.ts';
export { createProvider } from './provider.ts';
export type { Endpoint, Provider, ProviderCredential } from './provider.ts';
export { readModelList } from './read-model-list.ts';
export { resolveRoute } from './resolve-route.ts';
export type { Route, RouteRequest } from './resolve-route.ts';
export { createTarget, createTargets } from './targets.ts';
export type { AnthropicTarget, ChatTarget, Target, Targets } from './targets.ts';
export { optionalText, wholeNumber } from './variables.ts';
