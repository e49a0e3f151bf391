import { assertNever } from '@ccg/kernel';
import { loadScript, StoreUnavailableError } from '@ccg/store';
import type { Store } from '@ccg/store';
import type { AuditEntry } from '../audit/audit-entry.ts';

/**
 * One step of a change. `key` is a redis key: a hash for `set` and `unset`, a list of a tenant for `list` and `unlist`, a
 * text for `put`. `expire` ends one that had no end, `keep` gives one another lifetime.
 */
type Write =
  | { readonly kind: 'set'; readonly key: string; readonly field: string; readonly value: string }
  | { readonly kind: 'unset'; readonly key: string; readonly field: string }
  | { readonly kind: 'list' | 'unlist'; readonly key: string; readonly member: string }
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly lifetimeMs: number }
  | { readonly kind: 'expire' | 'keep'; readonly key: string; readonly lifetimeMs: number };

/** A field as a verb has read it: `value` undefined is a field that was not there. */
interface Check {
  readonly key: string;
  readonly field: string;
  readonly value: string | undefined;
}

/** What a verb wants to write, and what must still be as it was read. All of it is of one tenant. */
export interface Change {
  readonly checks: readonly Check[];
  readonly writes: readonly Write[];
  /** Undefined for what is no act of anybody's, such as a new digest of the same API key. */
  readonly entry: AuditEntry | undefined;
}

const script = loadScript(new URL('./commit.lua', import.meta.url));

/** The audit log of a tenant keeps at least so many entries; an export must come before. */
export const auditMaxEntries = 100_000;

/** Writes a change and its audit entry at once. `changed`: somebody else was first, and nothing was written. */
export async function commit(store: Store, auditKey: string, change: Change): Promise<'done' | 'changed'> {
  const { checks, writes, entry } = change;
  const keys = [auditKey, ...new Set([...checks, ...writes].map(({ key }) => key))];
  const numberOf = (key: string) => keys.indexOf(key) + 1;
  const outcome = await store.run(script, keys, [
    entry === undefined ? '' : JSON.stringify(entry),
    auditMaxEntries,
    checks.length,
    ...checks.flatMap(({ key, field, value = '' }) => [numberOf(key), field, value]),
    ...writes.flatMap((write) => toArguments(write, numberOf(write.key))),
  ]);
  return outcome === 'done' ? 'done' : 'changed';
}

function toArguments(write: Write, key: number): readonly (string | number)[] {
  switch (write.kind) {
    case 'set':
      return [write.kind, key, write.field, write.value];
    case 'unset':
      return [write.kind, key, write.field, ''];
    case 'list':
    case 'unlist':
      return [write.kind, key, write.member, ''];
    case 'put':
      return [write.kind, key, write.lifetimeMs, write.value];
    case 'expire':
    case 'keep':
      return [write.kind, key, write.lifetimeMs, ''];
    default:
      return assertNever(write);
  }
}

/** Verbs that write to one record at the same time follow each other; more than so many in a row means that something is wrong. */
const attemptsMax = 20;

/** Reads and commits until nobody has written in between. */
export async function untilCommitted<Value>(attempt: () => Promise<Value | 'changed'>): Promise<Value> {
  for (let attempts = 0; attempts < attemptsMax; attempts += 1) {
    const value = await attempt();
    if (value !== 'changed') return value;
  }
  throw new StoreUnavailableError('refused', 'the record was changed by others all the time');
}
