export { decodeUsageRecord, encodeUsageRecord } from './usage-record.ts';
export type { UsageRecord } from './usage-record.ts';
