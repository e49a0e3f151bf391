export { createLogger, logLevels } from './logger.ts';
export type { Logger, LogLevel } from './logger.ts';
export { metricList } from './metric-list.ts';
export type { MetricFacts } from './metric-list.ts';
export { createMetrics } from './metrics.ts';
export type { Metrics } from './metrics.ts';
export type { RequestMeters } from './request-metrics.ts';
export type { StreamEnd, StreamMeters } from './stream-metrics.ts';
