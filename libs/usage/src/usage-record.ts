import { outcomes } from '@ccg/kernel';
import type { Outcome } from '@ccg/kernel';

/** The line of one admitted request. Its tenant is that of the stream in which it stands. */
export interface UsageRecord {
  readonly v: 1;
  /** Of the request. */
  readonly id: string;
  /** ISO 8601: when the request ended; while it runs, when it began. */
  readonly at: string;
  /** The id of the user; undefined for a service. */
  readonly user?: string | undefined;
  /** For people. */
  readonly userName?: string | undefined;
  /** The public id of the API key; undefined for a token. */
  readonly apiKey?: string | undefined;
  readonly group?: string | undefined;
  /** What Claude Code calls its session. */
  readonly session?: string | undefined;
  readonly agent?: string | undefined;
  readonly parentAgent?: string | undefined;
  readonly endpoint: 'messages' | 'count_tokens';
  readonly requestedModel: string;
  /** Of the last attempt. */
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  readonly dialect?: string | undefined;
  readonly stream: boolean;
  /** `running`: the replica was gone before the request ended, and this is what it last said. */
  readonly outcome: Outcome | 'running';
  readonly inputTokens: number;
  /** Includes `reasoningTokens`. */
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly usageSource: 'none' | 'reported' | 'estimated';
  readonly costMicroDollars: number;
  /** Whose price it is. */
  readonly priceBasis?: string | undefined;
  readonly durationMs: number;
  /** Until the first event of the answer. */
  readonly firstEventMs?: number | undefined;
  /** Calls to providers. */
  readonly attempts: number;
  /** The id of the batch that the request was an item of. */
  readonly batch?: string | undefined;
  /** Which item it was, from 0 on. */
  readonly batchIndex?: number | undefined;
}

/** A record in the store, where every byte counts. Fields are stored by these names: never give one to another field. */
interface StoredRecord {
  readonly v: unknown;
  readonly id: unknown;
  /** Milliseconds since the epoch. */
  readonly at: unknown;
  readonly u?: unknown;
  readonly un?: unknown;
  readonly k?: unknown;
  readonly g?: unknown;
  readonly s?: unknown;
  readonly a?: unknown;
  readonly pa?: unknown;
  readonly e?: unknown;
  readonly rm?: unknown;
  readonly p?: unknown;
  readonly m?: unknown;
  readonly d?: unknown;
  readonly st?: unknown;
  readonly o?: unknown;
  readonly i?: unknown;
  readonly ot?: unknown;
  readonly cr?: unknown;
  readonly cw?: unknown;
  readonly r?: unknown;
  readonly us?: unknown;
  readonly c?: unknown;
  readonly pb?: unknown;
  readonly ms?: unknown;
  readonly fe?: unknown;
  readonly n?: unknown;
  readonly b?: unknown;
  readonly bi?: unknown;
}

/** Whoever has the time in milliseconds need not write it in words, which takes longer than all the rest. */
export type EncodableRecord = Omit<UsageRecord, 'at'> & { readonly at: UsageRecord['at'] | number };

const nameMaxLength = 256;

/**
 * A record as it is stored: JSON of at most 24 KB whatever the names are, and some 400 bytes for a usual request. Names are
 * cut to 256 characters, and numbers become whole. What is unset, zero, false or as usual is left out.
 */
export function encodeUsageRecord(record: EncodableRecord): string {
  const { at, outcome, endpoint, usageSource } = record;
  const stored: StoredRecord = {
    v: 1,
    id: cut(record.id),
    at: typeof at === 'number' ? at : Date.parse(at),
    u: cut(record.user),
    un: cut(record.userName),
    k: cut(record.apiKey),
    g: cut(record.group),
    s: cut(record.session),
    a: cut(record.agent),
    pa: cut(record.parentAgent),
    e: endpoint === 'messages' ? undefined : endpoint,
    rm: cut(record.requestedModel),
    p: cut(record.provider),
    m: cut(record.model),
    d: cut(record.dialect),
    st: record.stream ? 1 : undefined,
    o: outcome === 'ok' ? undefined : outcome,
    i: whole(record.inputTokens),
    ot: whole(record.outputTokens),
    cr: whole(record.cacheReadTokens),
    cw: whole(record.cacheWriteTokens),
    r: whole(record.reasoningTokens),
    us: usageSource === 'reported' ? undefined : usageSource,
    c: whole(record.costMicroDollars),
    pb: cut(record.priceBasis),
    ms: whole(record.durationMs),
    fe: record.firstEventMs === undefined ? undefined : (whole(record.firstEventMs) ?? 0),
    n: whole(record.attempts),
    b: cut(record.batch),
    bi: record.batchIndex,
  };
  return JSON.stringify(stored);
}

/** Reads a stored record; undefined for a text that is none, or one of a version that is not known here. */
export function decodeUsageRecord(text: string): UsageRecord | undefined {
  const stored = parse(text);
  if (stored?.v !== 1) return undefined;
  const [id, at] = [textOf(stored.id), isoTime(stored.at)];
  if (id === undefined || at === undefined) return undefined;
  return {
    v: 1,
    id,
    at,
    user: textOf(stored.u),
    userName: textOf(stored.un),
    apiKey: textOf(stored.k),
    group: textOf(stored.g),
    session: textOf(stored.s),
    agent: textOf(stored.a),
    parentAgent: textOf(stored.pa),
    endpoint: textOf(stored.e) === 'count_tokens' ? 'count_tokens' : 'messages',
    requestedModel: textOf(stored.rm) ?? '',
    provider: textOf(stored.p),
    model: textOf(stored.m),
    dialect: textOf(stored.d),
    stream: countOf(stored.st) === 1,
    outcome: outcomeOf(textOf(stored.o) ?? 'ok'),
    inputTokens: countOf(stored.i),
    outputTokens: countOf(stored.ot),
    cacheReadTokens: countOf(stored.cr),
    cacheWriteTokens: countOf(stored.cw),
    reasoningTokens: countOf(stored.r),
    usageSource: sourceOf(textOf(stored.us) ?? 'reported'),
    costMicroDollars: countOf(stored.c),
    priceBasis: textOf(stored.pb),
    durationMs: countOf(stored.ms),
    firstEventMs: numberOf(stored.fe),
    attempts: countOf(stored.n),
    batch: textOf(stored.b),
    batchIndex: numberOf(stored.bi),
  };
}

/** No longer than 256 characters. */
export function cut(text: string): string;
export function cut(text: string | undefined): string | undefined;
export function cut(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= nameMaxLength) return text;
  return text.slice(0, nameMaxLength).toWellFormed();
}

/** Undefined for zero, and for what is no number. */
function whole(value: number): number | undefined {
  const rounded = Math.round(value);
  return Number.isSafeInteger(rounded) && rounded !== 0 ? rounded : undefined;
}

function parse(text: string): StoredRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What its fields hold is looked at one by one. */
function isObject(value: unknown): value is StoredRecord {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isoTime(value: unknown): string | undefined {
  const date = new Date(numberOf(value) ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function countOf(value: unknown): number {
  return numberOf(value) ?? 0;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** A newer replica may know outcomes that this one does not: such a request did not go well, for a reason of the gateway's. */
function outcomeOf(text: string): UsageRecord['outcome'] {
  return [...outcomes, 'running' as const].find((known) => known === text) ?? 'gateway_internal';
}

function sourceOf(text: string): UsageRecord['usageSource'] {
  return text === 'none' || text === 'estimated' ? text : 'reported';
}
