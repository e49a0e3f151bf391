export { PepperMismatchError } from './check-pepper.ts';
export { gatewayVariables, parseConfig } from './config.ts';
export type { GatewayConfig, ParsedConfig } from './config.ts';
export { readDotEnv } from './read-dot-env.ts';
export { startGateway } from './start-gateway.ts';
export type { GatewayDependencies, RunningGateway } from './start-gateway.ts';
