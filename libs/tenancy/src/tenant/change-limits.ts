import { limitRuleClashes, limitRuleFaults, limitRulesMax, nameOfLimit, ruleMessages } from '@ccg/kernel';
import type { LimitRule } from '@ccg/kernel';
import { limitRulesOf } from '../limits.ts';
import type { TenantRecord } from '../records.ts';
import type { Actor, TenancyDependencies } from '../verb/actor.ts';
import { announce } from '../verb/announce.ts';
import { beyondOwn, requireTenant } from '../verb/authorize.ts';
import { invalid, issue } from '../verb/fields.ts';
import { loadTenant } from '../verb/load.ts';
import { fileOwned } from '../verb/ownership.ts';
import type { FieldIssue, Refusal, Result } from '../verb/result.ts';
import { done, refused } from '../verb/result.ts';
import { runRead, runWrite } from '../verb/run-verb.ts';
import { tenantCheck, tenantWrite } from './tenant-record.ts';

interface OfTenant {
  readonly tenant: string;
  /** What a tenant has that has no limits of its own: the first change makes them its own. */
  readonly defaults: readonly LimitRule[];
}

interface LimitName extends OfTenant {
  readonly name: string;
}

export interface TenantLimits {
  /** Whether they are the tenant's own or those of the gateway's configuration. */
  readonly origin: 'tenant' | 'gateway';
  readonly items: readonly NamedLimit[];
}

export type NamedLimit = LimitRule & { readonly name: string };

/** Lists the limits that hold for a tenant, each with its name. */
export async function listLimits(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, defaults }: OfTenant,
): Promise<Result<TenantLimits>> {
  const deed = { action: 'limit.read', tenant, subject: { kind: 'limit', id: '*' } } as const;
  return await runRead(deps, actor, deed, async () => {
    const refusal = requireTenant(actor.principal, tenant, 'read');
    if (refusal !== undefined) return refused(refusal);
    const loaded = await loadTenant(deps.store, tenant);
    if (loaded === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    const { limits } = loaded.tenant.item;
    return done({
      origin: limits === undefined ? 'gateway' : 'tenant',
      items: rulesOf(loaded.tenant.item, defaults).map(named),
    });
  });
}

/** Sets one limit of a tenant: the one of that name is replaced, where there is one. Others stay. */
export async function putLimit(
  deps: TenancyDependencies,
  actor: Actor,
  { rule, ...at }: LimitName & { readonly rule: LimitRule },
): Promise<Result<NamedLimit>> {
  const { name } = at;
  const own = unnamed(rule, name);
  return await changeLimits(deps, actor, { ...at, action: 'limit.put', details: { ...own } }, (rules) => {
    const place = rules.findIndex((other) => nameOfLimit(other) === name);
    const after = place === -1 ? [...rules, own] : rules.with(place, own);
    return (
      invalid(ruleIssues(rule, name), listIssues(after, place === -1 ? rules.length : place)) ?? { rule: own, after }
    );
  });
}

/** Removes one limit of a tenant. Others stay. */
export async function removeLimit(deps: TenancyDependencies, actor: Actor, at: LimitName): Promise<Result<NamedLimit>> {
  return await changeLimits(deps, actor, { ...at, action: 'limit.remove' }, (rules) => {
    const rule = rules.find((other) => nameOfLimit(other) === at.name);
    if (rule === undefined) return { kind: 'unknown', subject: 'limit' };
    return { rule, after: rules.filter((other) => other !== rule) };
  });
}

interface Deed extends LimitName {
  readonly action: 'limit.put' | 'limit.remove';
  readonly details?: Readonly<Record<string, unknown>>;
}

type Changed = { readonly rule: LimitRule; readonly after: readonly LimitRule[] };

async function changeLimits(
  deps: TenancyDependencies,
  actor: Actor,
  { tenant, name, defaults, action, details }: Deed,
  plan: (rules: readonly LimitRule[]) => Refusal | Changed,
): Promise<Result<NamedLimit>> {
  const { store } = deps;
  const result = await runWrite(deps, actor, { action, tenant, subject: { kind: 'limit', id: name } }, async () => {
    const refusal = requireTenant(actor.principal, tenant, 'write');
    if (refusal !== undefined) return refused(refusal);
    const loaded = await loadTenant(store, tenant);
    if (loaded === undefined) return refused({ kind: 'unknown', subject: 'tenant' });
    const before = loaded.tenant.item;
    const planned = plan(rulesOf(before, defaults));
    if ('kind' in planned) return refused(planned);
    const { rule, after: limits } = planned;
    const judged = fileOwned(actor, 'tenant', before) ?? beyondOwn(actor.principal, { limits: { granted: limits } });
    if (judged !== undefined) return refused(judged);
    const item = { ...before, limits, origin: actor.origin };
    const change = { checks: [tenantCheck(store, tenant, loaded.tenant)], writes: [tenantWrite(store, item)] };
    return { kind: 'change', change, details: details ?? {}, value: named(rule) };
  });
  if (result.kind === 'done') await announce(store, { kind: 'tenant', tenant });
  return result;
}

function rulesOf({ limits }: TenantRecord, defaults: readonly LimitRule[]): readonly LimitRule[] {
  return limits === undefined ? defaults : limitRulesOf(limits);
}

function named(rule: LimitRule): NamedLimit {
  return { ...rule, name: nameOfLimit(rule) };
}

/** A name that a limit has anyway is not stored with it. */
function unnamed(rule: LimitRule, name: string): LimitRule {
  const bare = { ...rule, name: undefined };
  return nameOfLimit(bare) === name ? bare : { ...rule, name };
}

function ruleIssues(rule: LimitRule, name: string): readonly FieldIssue[] {
  const isOther = rule.name !== undefined && rule.name !== name;
  return [
    ...limitRuleFaults([{ ...rule, name }]).map(({ path, message }) => issue(path.slice(1), message)),
    ...(isOther ? [issue(['name'], 'must be the name in the path. Leave it out')] : []),
  ];
}

/** What is wrong with a limit beside the others. */
function listIssues(rules: readonly LimitRule[], place: number): readonly FieldIssue[] {
  if (rules.length > limitRulesMax) return [issue(['name'], `A tenant ${ruleMessages.tooMany}. Remove one first`)];
  const clash = limitRuleClashes(rules.toSpliced(place, 1).concat(rules.slice(place, place + 1))).at(0);
  return clash === undefined ? [] : [issue(['level'], clash.message)];
}
