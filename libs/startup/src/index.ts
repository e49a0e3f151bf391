export { batchProblems, batchSettings, batchVariables } from './batch-variables.ts';
export type { BatchSettings } from './batch-variables.ts';
export { checkConfig } from './check-config.ts';
export type { CheckedConfig } from './check-config.ts';
export { containerWarnings, findContainer } from './container.ts';
export type { Container } from './container.ts';
export { describeDeniedFile, readEnvironment } from './environment.ts';
export type { Environment } from './environment.ts';
export { followLogLevel } from './follow-log-level.ts';
export { openAuthentication } from './open-authentication.ts';
export type { Authentication } from './open-authentication.ts';
export { openBatchFiles } from './open-batch-files.ts';
export type { OpenBatchFiles } from './open-batch-files.ts';
export { joinReplicas, openServing, openUpstream } from './open-serving.ts';
export { checkStore, openStore, prepareStore, waitForStore } from './open-store.ts';
export { openTraces } from './open-traces.ts';
export { catalogFileVariable, readCatalog, readDirectory } from './read-catalog.ts';
export { redisVariables, storeProblems, storeSettings, storeVariables } from './redis-variables.ts';
export type { StoreSettings } from './redis-variables.ts';
export { runProcess } from './run-process.ts';
export { proxyClash, servingSettings, servingVariables } from './serving-variables.ts';
export type { ServingSettings } from './serving-variables.ts';
export { sha256 } from './sha256.ts';
export {
  credentialSettings,
  credentialVariables,
  limitSettings,
  limitVariables,
  opsHostWarnings,
  outboundSettings,
  outboundVariables,
  portClash,
  processSettings,
  processVariables,
  reportSettings,
  reportVariables,
} from './shared-variables.ts';
export type {
  CredentialSettings,
  LimitSettings,
  OutboundSettings,
  ProcessSettings,
  ReportSettings,
} from './shared-variables.ts';
export {
  describeProblems,
  describeStartFailure,
  explainListenError,
  problemsOf,
  reasonOf,
  StartError,
} from './start-error.ts';
export type { ListenAddress } from './start-error.ts';
export { traceProblems } from './trace-problems.ts';
export { traceSettings, traceVariables } from './trace-variables.ts';
export type { TraceSettings } from './trace-variables.ts';
