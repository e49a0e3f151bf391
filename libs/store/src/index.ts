export { StoreReplyError, StoreUnavailableError } from './errors.ts';
export type { UnavailableReason } from './errors.ts';
export type { StoreState } from './guard.ts';
export type { RedisKeys } from './redis-keys.ts';
export { createScript, loadScript } from './script.ts';
export type { Script } from './script.ts';
export { connectStore } from './store.ts';
export type { CallOptions, CommandName, Store, StoreOptions } from './store.ts';
export type { Subscription } from './subscriber.ts';
