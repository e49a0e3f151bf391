export { gatewayVariables, listenAddresses, parseConfig } from './config.ts';
export type { GatewayConfig, ParsedConfig } from './config.ts';
export { startGateway } from './start-gateway.ts';
export type { GatewayDependencies, RunningGateway } from './start-gateway.ts';
