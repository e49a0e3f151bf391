export type { LimitRefusal, LimitValues } from './refusals/limit-refusal.ts';
export {
  findRefusal,
  readRecentRefusals,
  readRefusalsByCaller,
  readRefusalsByMinute,
} from './refusals/read-refusals.ts';
export type { CallerRefusals, MinuteRefusals, RefusalCountQuery } from './refusals/read-refusals.ts';
export { createRefusalLog } from './refusals/refusal-log.ts';
export type { RefusalLog, RefusalLogOptions } from './refusals/refusal-log.ts';
export { decodeUsageRecord, encodeUsageRecord } from './usage-record.ts';
export type { EncodableRecord, UsageRecord } from './usage-record.ts';
export { createFindUsageRecord } from './find-usage-record.ts';
export type { FindUsageRecord, FoundRecord } from './find-usage-record.ts';
export { noteItemTry, tryFates } from './item-tries/note-item-try.ts';
export type { TryFate } from './item-tries/note-item-try.ts';
export { measures } from './roll-up/measures.ts';
export type { Measures } from './roll-up/measures.ts';
export { readUsage, usageDimensions, usageRowKey } from './roll-up/read-usage.ts';
export type { UsageDimension, UsageQuery, UsageRow } from './roll-up/read-usage.ts';
export { readSessions } from './read-sessions.ts';
export type { SessionUse } from './read-sessions.ts';
export { rollUpUsage, trimUsage } from './roll-up/roll-up.ts';
export type { RolledUp, RollUpDependencies, RollUpOptions } from './roll-up/roll-up.ts';
