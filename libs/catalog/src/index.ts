export { chatCapabilities } from './capabilities.ts';
export type { ChatCapabilities, ChatProfile } from './capabilities.ts';
export { thinkTags } from './capabilities/think-tags.ts';
export type { ThinkTags } from './capabilities/think-tags.ts';
export type { Catalog } from './catalog.ts';
export { catalogFromEnv, catalogSchema } from './from-env.ts';
export type { CatalogFromEnv, CatalogVariables } from './from-env.ts';
export { findModel, listModels } from './list-models.ts';
export type { ListedModel } from './list-models.ts';
export { modelLimits } from './model-limits.ts';
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
export { resolveRoute } from './resolve-route.ts';
export type { RouteRequest } from './resolve-route.ts';
