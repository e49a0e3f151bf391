import type { Allowlist, Policy } from '../principal.ts';
import { createPattern, matchAnything } from './pattern.ts';
import type { Pattern } from './pattern.ts';

/**
 * What a request wants to use. Each target stands here with all the names that it has, since a provider may have two.
 * `kind` says what the client asked for: a name that the gateway maps, or a target itself.
 */
export type Wanted =
  | { readonly kind: 'name'; readonly name: string; readonly targets: readonly TargetNames[] }
  | { readonly kind: 'target'; readonly targets: readonly TargetNames[] };

type TargetNames = readonly string[];

/**
 * Whether a policy allows it: every one of its levels must. On a level `models` must allow the name that was asked for,
 * and `targets` all that may answer. Who asks for a target has not asked for a name, so `targets` alone decides; a level
 * without them allows it only where its `models` is `*`.
 */
export function isAllowed(policy: Policy, wanted: Wanted): boolean {
  return policy.kind === 'allow-all' || policy.levels.every((level) => levelAllows(level, wanted));
}

function levelAllows(level: Allowlist, wanted: Wanted): boolean {
  const { models, targets, allowsAnyModel } = compile(level);
  const allowsTargets = targets === undefined || wanted.targets.every((names) => matchesSome(targets, names));
  if (wanted.kind === 'target') return targets === undefined ? allowsAnyModel : allowsTargets;
  if (models === undefined && targets === undefined) return false;
  return allowsTargets && (models === undefined || matchesSome(models, [wanted.name]));
}

function matchesSome(patterns: readonly Pattern[], names: TargetNames): boolean {
  return names.some((name) => patterns.some((pattern) => pattern.matches(name)));
}

interface CompiledLevel {
  readonly models: readonly Pattern[] | undefined;
  readonly targets: readonly Pattern[] | undefined;
  readonly allowsAnyModel: boolean;
}

const compiled = new WeakMap<Allowlist, CompiledLevel>();

/** A principal is remembered for seconds, and its levels with it. */
function compile(level: Allowlist): CompiledLevel {
  const known = compiled.get(level);
  if (known !== undefined) return known;
  const made = {
    models: level.models?.map(createPattern),
    targets: level.targets?.map(createPattern),
    allowsAnyModel: matchAnything(level.models),
  };
  compiled.set(level, made);
  return made;
}

/** Whether a level says nothing that another level would not. */
function allowsAll({ models, targets }: Allowlist): boolean {
  if (models === undefined && targets === undefined) return false;
  return (models === undefined || matchAnything(models)) && (targets === undefined || matchAnything(targets));
}

/** A policy of these levels; those that allow everything are left out. */
export function policyOf(levels: Extract<Policy, { kind: 'restricted' }>['levels']): Policy {
  const telling = levels.filter((level) => !allowsAll(level));
  return telling.length === 0 ? { kind: 'allow-all' } : { kind: 'restricted', levels: telling };
}
