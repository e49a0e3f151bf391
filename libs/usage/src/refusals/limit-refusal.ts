import { cut } from '../usage-record.ts';

/** One request that a limit refused, or would have refused if it were enforced. */
export interface LimitRefusal {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** The id of the user; undefined for a service. */
  readonly user?: string | undefined;
  /** For people. */
  readonly userName?: string | undefined;
  /** The public id of the API key; undefined for a token. */
  readonly apiKey?: string | undefined;
  readonly session?: string | undefined;
  /** As it was asked for. */
  readonly model?: string | undefined;
  /** The id of the batch that the request was an item of. Of its items that one limit refuses, one an hour is kept whole. */
  readonly batch?: string | undefined;
  /** Which item it was, from 0 on. */
  readonly batchIndex?: number | undefined;
  /** The name of the limit. */
  readonly limit: string;
  readonly level: string;
  /** What it counts, such as `input_tokens` or `budget`. */
  readonly kind: string;
  /** Whose use it counts. */
  readonly subject: string;
  readonly mode: 'enforce' | 'shadow';
  /** As it is configured; of a budget in dollars. */
  readonly amount: number;
  /** Undefined for a number of requests at the same time. */
  readonly per?: string | undefined;
  readonly state: LimitValues;
  /** How long until the limit would allow the request. */
  readonly retryAfterMs: number;
}

/** The values of a limit when it refused; each kind has its own. */
export interface LimitValues {
  readonly remaining?: number | undefined;
  readonly fullInMs?: number | undefined;
  readonly usedMicroDollars?: number | undefined;
  readonly resetsAtMs?: number | undefined;
}

/** As it is stored: JSON of some 400 bytes, whose names are cut to 256 characters. */
export function encodeRefusal(refusal: LimitRefusal): string {
  const { atMs, mode, amount, per, state, retryAfterMs } = refusal;
  const { remaining, fullInMs, usedMicroDollars, resetsAtMs } = state;
  return JSON.stringify({
    requestId: cut(refusal.requestId),
    atMs,
    user: cut(refusal.user),
    userName: cut(refusal.userName),
    apiKey: cut(refusal.apiKey),
    session: cut(refusal.session),
    model: cut(refusal.model),
    batch: cut(refusal.batch),
    batchIndex: refusal.batchIndex,
    limit: cut(refusal.limit),
    level: refusal.level,
    kind: refusal.kind,
    subject: cut(refusal.subject),
    mode,
    amount,
    per,
    state: { remaining, fullInMs, usedMicroDollars, resetsAtMs },
    retryAfterMs,
  } satisfies LimitRefusal);
}

export function decodeRefusal(text: string): LimitRefusal {
  return JSON.parse(text) as LimitRefusal;
}

/** Whose ring of recent refusals has it: the user's, or that of the API key of a service. */
export function ringOwnerOf({ user, apiKey }: Pick<LimitRefusal, 'user' | 'apiKey'>): string {
  return user ?? apiKey ?? 'unknown';
}

/** The same for all items of a batch that a limit refuses; undefined for a request of its own. */
export function onceOf({ batch, limit }: LimitRefusal): string | undefined {
  return batch === undefined ? undefined : `${cut(batch)}:${cut(limit)}`;
}

const dayLength = '2026-11-28'.length;

/** The tables of a day: how many by minute, and how many by whom. */
export type RefusalTable = 'minutes' | 'callers';

/** Where a refusal is counted: the day in UTC, and its row in each table. A row begins with the mode of the limit. */
export function rowsOfRefusal(refusal: LimitRefusal): { day: string; rows: Readonly<Record<RefusalTable, string>> } {
  const { mode, level, kind, user = '', userName = '', apiKey = '' } = refusal;
  const time = new Date(refusal.atMs).toISOString();
  const [limit, minute] = [cut(refusal.limit), time.slice(dayLength + 1, dayLength + 6)];
  return {
    day: time.slice(0, dayLength),
    rows: {
      minutes: `${mode} ${JSON.stringify([limit, minute])}`,
      callers: `${mode} ${JSON.stringify([limit, level, kind, cut(user), cut(userName), cut(apiKey)])}`,
    },
  };
}

/** The row of all for which a table has no room. */
export function otherRowOf(row: string): string {
  return `${row.slice(0, row.indexOf(' '))} other`;
}

export interface RefusalRow {
  readonly mode: LimitRefusal['mode'];
  /** Undefined for the row of all that have none of their own. */
  readonly parts: readonly string[] | undefined;
}

export function readRefusalRow(row: string): RefusalRow {
  const [mode = '', ...rest] = row.split(' ');
  const text = rest.join(' ');
  return {
    mode: mode === 'shadow' ? 'shadow' : 'enforce',
    parts: text === 'other' ? undefined : (JSON.parse(text) as readonly string[]),
  };
}
