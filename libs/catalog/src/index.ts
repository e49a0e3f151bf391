export { chatCapabilities } from './capabilities.ts';
export type { ChatCapabilities, ChatProfile } from './capabilities.ts';
export type { AnthropicProvider, Dialect, OpenAiChatProvider, Provider, Route, Target } from './provider.ts';
