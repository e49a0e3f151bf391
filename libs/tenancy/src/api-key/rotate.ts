import type { Principal } from '../principal.ts';
import { apiKeyHint, generateApiKey } from '../credentials/api-key-format.ts';
import { hashApiKey } from '../credentials/digests.ts';
import type { ApiKeyRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { announce } from '../verb/announce.ts';
import { apiKeyReach } from '../verb/authorize.ts';
import { expiryIssues, invalid, issue } from '../verb/fields.ts';
import { loadTenant } from '../verb/load.ts';
import { fileOwned } from '../verb/ownership.ts';
import type { Refusal, Result } from '../verb/result.ts';
import { done, refused } from '../verb/result.ts';
import { runWrite } from '../verb/run-verb.ts';
import { apiKeyCheck, apiKeyWrite, newApiKeyWrites, viewOf } from './api-key-record.ts';
import { findApiKey } from './find.ts';
import { claimIndex } from './index-entry.ts';
import { answerOf, grantRefusal, newApiKeyId } from './new-api-key.ts';
import type { IssuedApiKey } from './new-api-key.ts';

const hourMs = 60 * 60 * 1000;
const overlapDefaultMs = 24 * hourMs;
const overlapMaxMs = 30 * 24 * hourMs;

export interface Rotation {
  readonly tenant: string;
  readonly id: string;
  /** How long the old API key goes on working, 0 to 30 days; 24 h unless given. */
  readonly overlapMs?: number | undefined;
  /** When the new one expires; when the old one would have unless given. */
  readonly expiresAtMs?: number | undefined;
}

/** Replaces an API key by a new one with the same settings. The old one works for the overlap, then it expires. */
export async function rotateApiKey(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, id, overlapMs = overlapDefaultMs, expiresAtMs }: Rotation,
): Promise<Result<IssuedApiKey>> {
  const { store, clock, peppers, randomBytes } = deps;
  const { principal } = actor;
  const apiKey = generateApiKey(randomBytes);
  const digest = hashApiKey(peppers.current, apiKey);
  const successor = newApiKeyId(deps);
  const deed = { action: 'api-key.rotate', tenant, subject: { kind: 'api-key', id } } as const;
  const result = await runWrite<ApiKeyRecord>(deps, actor, deed, async () => {
    const reach = apiKeyReach(principal, tenant, 'write');
    if (reach.kind === 'none') return refused(reach.refusal);
    const nowMs = clock.now();
    const faults = invalid(overlapIssues(overlapMs), expiryIssues(expiresAtMs, nowMs));
    if (faults !== undefined) return refused(faults);
    const found = await findApiKey(store, tenant, id, reach);
    if (found.kind === 'refused') return found;
    const old = found.loaded.item;
    const state = rotatable(old, nowMs) ?? fileOwned(actor, 'api-key', old);
    if (state !== undefined) return refused(state);
    const renewed = expiresAtMs === undefined ? old.expiresAt : new Date(expiresAtMs).toISOString();
    const item: ApiKeyRecord = {
      ...old,
      id: successor,
      expiresAt: renewed,
      createdAt: new Date(nowMs).toISOString(),
      hint: apiKeyHint(apiKey),
      digests: [digest],
    };
    const loaded = await loadTenant(store, tenant, { policies: item.policies });
    if (loaded === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    const beyond =
      isItself(principal, id) && expiresAtMs === undefined ? undefined : grantRefusal(principal, item, loaded, nowMs);
    if (beyond !== undefined) return refused(beyond);
    const ending = { ...old, successor, expiresAt: earlier(old.expiresAt, nowMs + overlapMs) };
    const change = {
      checks: [apiKeyCheck(store, tenant, id, found.loaded), apiKeyCheck(store, tenant, successor, undefined)],
      writes: [apiKeyWrite(store, tenant, ending), ...newApiKeyWrites(store, tenant, item)],
    };
    const details = { successor, expiresAt: ending.expiresAt };
    return { kind: 'change', change, details, value: item, answer: answerOf(item, nowMs) };
  });
  if (result.kind === 'refused') return result;
  await claimIndex(store, digest, { kind: 'leads', tenant, id: successor });
  await announce(store, { kind: 'api-key', tenant, id });
  return done({ apiKey, record: viewOf({ item: result.value, lastUsedAt: undefined }, clock.now()) });
}

function overlapIssues(overlapMs: number) {
  const isFit = Number.isInteger(overlapMs) && overlapMs >= 0 && overlapMs <= overlapMaxMs;
  return isFit ? [] : [issue(['overlap'], 'must be from 0 to 30 days')];
}

function rotatable({ state, successor, expiresAt }: ApiKeyRecord, nowMs: number): Refusal | undefined {
  if (state === 'revoked') return { kind: 'not-rotatable', reason: 'revoked' };
  if (successor !== undefined) return { kind: 'not-rotatable', reason: 'rotated' };
  const isOver = expiresAt !== undefined && Date.parse(expiresAt) <= nowMs;
  return isOver ? { kind: 'not-rotatable', reason: 'expired' } : undefined;
}

/** Whoever shows an API key has what its successor will have. */
function isItself(principal: Principal, id: string): boolean {
  return principal.kind === 'api-key' && principal.apiKeyId === id;
}

function earlier(iso: string | undefined, ms: number): string {
  return new Date(Math.min(iso === undefined ? Infinity : Date.parse(iso), ms)).toISOString();
}
