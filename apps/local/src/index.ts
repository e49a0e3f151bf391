export { isProcessAlive } from './data-dir.ts';
export { exchangeSchema, exchangeVersion } from './exchange/exchange-file.ts';
export type { Exchange, ExchangeCall, ExchangeFile } from './exchange/exchange-file.ts';
export { localVariables } from './settings.ts';
export { chooseStore } from './store/choose-store.ts';
export type { LocalStore, StoreChoice } from './store/choose-store.ts';
export { startEmbeddedServer } from './store/embedded-server.ts';
export type { StoreObserver } from './store/keep-running.ts';
export { sendRedisCommand } from './store/redis-command.ts';
