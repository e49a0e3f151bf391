import { isTimeZone, limitAmountMax, limitRuleFaults, nameFault, timeZoneMessage } from '@ccg/kernel';
import type { Scope } from '@ccg/kernel';
import { isList } from '../limits.ts';
import type { Allowlist, Limits } from '../principal.ts';
import { isScope } from './authorize.ts';
import type { FieldIssue, Refusal } from './result.ts';

const idShape = /^[a-z0-9][a-z0-9_-]{0,62}$/u;
const nameMaxLength = 200;
const patternsMax = 200;
const policiesMax = 10;
const waitingWeightMax = 100;

type Issues = readonly FieldIssue[];

/** Refuses an input with faults, naming all of them. */
export function invalid(...issues: readonly Issues[]): Refusal | undefined {
  const all = issues.flat();
  return all.length === 0 ? undefined : { kind: 'invalid', issues: all };
}

/** The id of a tenant, or the name of a policy or a group. */
export function idIssues(field: string, id: string): Issues {
  if (idShape.test(id)) return [];
  return [issue([field], 'must be up to 63 of a-z, 0-9, "-" and "_", and begin with a letter or a digit')];
}

/** A name for people. */
export function nameIssues(name: string | undefined): Issues {
  return textIssues('name', name);
}

/** Whom people ask who are stopped by a limit. */
export function contactIssues(contact: string | undefined): Issues {
  return textIssues('contact', contact);
}

function textIssues(field: string, text: string | undefined): Issues {
  const fault = text === undefined ? undefined : nameFault(text);
  return fault === undefined ? [] : [issue([field], fault)];
}

export function timeZoneIssues(timeZone: string | undefined): Issues {
  return timeZone === undefined || isTimeZone(timeZone) ? [] : [issue(['timeZone'], timeZoneMessage)];
}

/** How limits see a user. */
export function sharingIssues(group: string | undefined, waitingWeight: number | undefined): Issues {
  return [...(group === undefined ? [] : idIssues('group', group)), ...waitingWeightIssues(waitingWeight)];
}

export function waitingWeightIssues(waitingWeight: number | undefined): Issues {
  if (waitingWeight === undefined || isWhole(waitingWeight, waitingWeightMax)) return [];
  return [issue(['waitingWeight'], `must be a whole number from 1 to ${waitingWeightMax}`)];
}

export function scopesIssues(scopes: readonly string[]): Issues {
  if (scopes.length === 0) return [issue(['scopes'], 'must name at least one scope')];
  return scopes.flatMap((scope, at) => (isScope(scope) ? [] : [issue(['scopes', at], 'is no scope')]));
}

export function allowlistIssues(allowlist: Allowlist | undefined): Issues {
  if (allowlist === undefined) return [];
  const { models, targets } = allowlist;
  if (models === undefined && targets === undefined) {
    return [issue(['allowlist'], 'must have models, targets or both; "*" allows everything')];
  }
  return [
    ...patternIssues('models', models),
    ...patternIssues('targets', targets),
    ...(targets ?? []).flatMap((pattern, at) => {
      if (pattern.includes(':') || pattern.includes('*')) return [];
      return [issue(['allowlist', 'targets', at], 'must be {provider}:{model}; "*" stands for any text')];
    }),
  ];
}

function patternIssues(field: 'models' | 'targets', patterns: readonly string[] | undefined): Issues {
  if (patterns === undefined) return [];
  const path = ['allowlist', field];
  if (patterns.length === 0) return [issue(path, 'must not be empty; "*" allows everything')];
  if (patterns.length > patternsMax) return [issue(path, `must have at most ${patternsMax} patterns`)];
  return patterns.flatMap((pattern, at) => {
    const isFit = pattern !== '' && pattern.length <= nameMaxLength && !hasControls(pattern);
    return isFit ? [] : [issue([...path, at], `must have 1 to ${nameMaxLength} characters, none a control character`)];
  });
}

export function policiesIssues(policies: readonly string[] | undefined): Issues {
  if (policies === undefined || policies.length <= policiesMax) return [];
  return [issue(['policies'], `must name at most ${policiesMax} policies`)];
}

export function limitsIssues(limits: Limits | undefined): Issues {
  if (limits === undefined) return [];
  if (!isList(limits)) {
    const { requestsPerMinute: rate } = limits;
    if (rate === undefined || isWhole(rate, limitAmountMax)) return [];
    return [issue(['limits', 'requestsPerMinute'], 'must be a whole number of requests per minute, from 1')];
  }
  return limitRuleFaults(limits).map(({ path, message }) => issue(['limits', ...path], message));
}

function isWhole(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max;
}

export function expiryIssues(expiresAtMs: number | undefined, nowMs: number): Issues {
  if (expiresAtMs === undefined) return [];
  // The last time that ISO 8601 can write with a year of four digits.
  const isFit = Number.isInteger(expiresAtMs) && expiresAtMs > nowMs && expiresAtMs < Date.UTC(10_000, 0);
  return isFit ? [] : [issue(['expiresAt'], 'must be a time in the future')];
}

export function issue(path: readonly (string | number)[], message: string): FieldIssue {
  return { path, message };
}

/** Each scope once, in the order of the list of scopes. */
export function distinct(scopes: readonly Scope[]): readonly Scope[] {
  return [...new Set(scopes)];
}

/** Also half of a surrogate pair, which Redis cannot read, and what turns the direction of the text after it. */
function hasControls(text: string): boolean {
  return /[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(text);
}
