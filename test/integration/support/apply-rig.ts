import { randomUUID } from 'node:crypto';
import { reconcile, systemActor } from '@ccg/tenancy';
import type { Reconciled, Reconciliation, TenancyDependencies, WantedDirectory, WantedTenant } from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';
import { expect } from 'vitest';
import { name, openTenancyRig } from './tenancy-rig.ts';
import type { TenancyRig } from './tenancy-rig.ts';

export const all = { models: ['*'] };
export const usual = { scopes: ['messages'], policies: [] } as const;

interface Options {
  readonly dryRun?: boolean;
  readonly prune?: boolean;
  readonly deps?: TenancyDependencies;
}

/** A store, and files about one tenant that are applied to it. */
export interface ApplyRig extends TenancyRig {
  readonly tenant: () => string;
  /** The files that follow are about another tenant. */
  changeTenant(): void;
  fileOf(settings?: Partial<WantedTenant>, policies?: WantedDirectory['policies']): WantedDirectory;
  reconcile(wanted: WantedDirectory, options?: Options): Promise<Reconciliation>;
  /** Expects no problem, and gives the changes in short. */
  apply(wanted: WantedDirectory, options?: Options): Promise<readonly string[]>;
  problemsOf(wanted: WantedDirectory, options?: Options): Promise<readonly string[]>;
}

export async function openApplyRig(): Promise<ApplyRig> {
  const rig = await openTenancyRig();
  const newId = () => `t-${randomUUID()}`;
  let tenant = newId();

  const reconcileWith: ApplyRig['reconcile'] = async (wanted, options = {}) => {
    const { dryRun = false, prune = false, deps = rig.deps() } = options;
    return await reconcile(deps, systemActor('req_apply'), () => wanted, { dryRun, prune, waitMs: 0 });
  };
  return {
    ...rig,
    tenant: () => tenant,
    changeTenant() {
      tenant = newId();
    },
    fileOf(settings = {}, policies = []) {
      const least = { id: tenant, name, allowlist: all, policies: [], users: [], apiKeys: [] };
      return { policies, tenants: [{ ...least, ...settings }] };
    },
    reconcile: reconcileWith,
    async apply(wanted, options) {
      const { changes, problems } = reconciled(await reconcileWith(wanted, options));
      expect(problems).toEqual([]);
      return changes.map(({ action, kind, fields = [] }) => [action, kind, ...fields].join(' '));
    },
    async problemsOf(wanted, options) {
      const { problems } = reconciled(await reconcileWith(wanted, options));
      return problems.map(({ kind, id, message }) => `${kind} ${id}: ${message}`);
    },
  };
}

export function reconciled(result: Reconciliation): Reconciled {
  if (result.kind === 'busy') throw new Error('another one applies');
  return doneValue(result);
}
