export { createLogger, logLevels } from './logger.ts';
export type { Logger, LogLevel } from './logger.ts';
export { createMetrics } from './metrics.ts';
export type { Metrics, RequestLabels } from './metrics.ts';
