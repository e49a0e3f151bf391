export { isProcessAlive } from './process-alive.ts';
export { localVariables } from './settings-schema.ts';
export { chooseStore } from './store/choose-store.ts';
export type { StoreChoice } from './store/choose-store.ts';
export { startEmbeddedServer } from './store/embedded-server.ts';
export type { LocalStore, StoreObserver } from './store/local-store.ts';
export { sendRedisCommand } from './store/redis-command.ts';
