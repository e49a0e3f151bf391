export { connectStore } from './connect-store.ts';
export type { StoreOptions } from './connect-store.ts';
export type { RedisKeys } from './redis-keys.ts';
export { createScript, loadScript } from './script.ts';
export type { Script } from './script.ts';
export { StoreReplyError } from './store-reply-error.ts';
export { StoreUnavailableError } from './store-unavailable-error.ts';
export type { UnavailableReason } from './store-unavailable-error.ts';
export type { CallOptions, CommandName, Store, StoreState, Subscription } from './store.ts';
