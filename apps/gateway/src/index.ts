export { gatewayVariables, parseConfig } from './config.ts';
export type { GatewayConfig, ParsedConfig } from './config.ts';
export { readEnvironment } from './environment.ts';
export type { Environment } from './environment.ts';
export { checkStore, waitForStore } from './open-store.ts';
export { describeProblems, describeStartFailure, explainListenError, reasonOf, StartError } from './start-error.ts';
export { startGateway } from './start-gateway.ts';
export type { GatewayDependencies, RunningGateway } from './start-gateway.ts';
