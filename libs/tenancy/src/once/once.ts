import { loadScript } from '@ccg/store';
import type { Store } from '@ccg/store';
import { textAt } from '../verb/read-fields.ts';

const script = loadScript(new URL('./once.lua', import.meta.url));

const claimLastsMs = 60_000;
const keptMs = 24 * 60 * 60 * 1000;

/** Where a request is recorded that must have its effect once. */
export interface OnceRecord {
  /** In whose space the record is; undefined for what happens outside of a tenant. */
  readonly tenant: string | undefined;
  /** Tells one request from all others of the tenant: a digest, so that nothing that a caller chose is in a redis key. */
  readonly digest: string;
}

/** Who is at a request now. A verb that gets it writes its answer in the script that makes its change. */
export interface OnceClaim {
  readonly key: string;
  readonly claim: string;
}

export type OnceOutcome =
  | { readonly kind: 'claimed'; readonly claim: OnceClaim }
  /** It had its effect before: this is what was answered. */
  | { readonly kind: 'answered'; readonly answer: string }
  /** The record is of a request with another body. */
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'in-progress' };

interface OnceRequest {
  /** Random: no other claim has it. */
  readonly claim: string;
  /** A digest of what the request asks for. */
  readonly body: string;
  /** How long the claim counts; a minute unless given. */
  readonly lastsMs?: number | undefined;
}

/**
 * Claims a request for 24 h. A claim of which nothing more is heard lapses after a minute; if its work was done in a
 * tenant, the answer is there by then, since the two were written at once. A tenant that was created meanwhile is found
 * taken.
 */
export async function claimOnce(
  store: Store,
  { tenant, digest }: OnceRecord,
  { claim, body, lastsMs = claimLastsMs }: OnceRequest,
): Promise<OnceOutcome> {
  const { redisKeys } = store;
  const key = tenant === undefined ? redisKeys.operatorOnce(digest) : redisKeys.once(tenant, digest);
  const reply = await store.run(script, [key], ['claim', claim, body, lastsMs, keptMs]);
  const kind = textAt(reply, 0);
  if (kind === 'claimed') return { kind, claim: { key, claim } };
  if (kind === 'answered') return { kind, answer: textAt(reply, 1) ?? '' };
  return { kind: kind === 'mismatch' ? kind : 'in-progress' };
}

/** Writes the answer of what no verb has written. */
export async function answerOnce(store: Store, { key, claim }: OnceClaim, answer: string): Promise<void> {
  await store.run(script, [key], ['answer', claim, answer]);
}

/** Gives a claim back whose work was not done. A change that is still under way to Redis is not made after that. */
export async function releaseOnce(store: Store, { key, claim }: OnceClaim): Promise<void> {
  await store.run(script, [key], ['release', claim]);
}
