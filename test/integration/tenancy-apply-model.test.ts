import { randomBytes, randomUUID } from 'node:crypto';
import type { Secret } from '@ccg/kernel';
import {
  createUser,
  generateApiKey,
  getTenant,
  hashApiKey,
  isAllowed,
  listApiKeys,
  listPolicies,
  listUsers,
  putPolicy,
  reconcile,
  resumeTenant,
  resumeUser,
  revokeApiKey,
  suspendTenant,
  suspendUser,
} from '@ccg/tenancy';
import type { Wanted, WantedDirectory } from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTenancyRig, root } from './support/tenancy-rig.ts';
import { applyTo, expectedOf, stateOf } from './support/apply-model.ts';
import type { FileCase, Model, Settings, TenantCase } from './support/apply-model.ts';
import type { TenancyRig } from './support/tenancy-rig.ts';

let rig: TenancyRig;

beforeEach(async () => {
  rig = await openTenancyRig();
});

afterEach(async () => {
  await rig.close();
});

const users = ['ada', 'grace'];
const keyCount = 3;

interface Real {
  readonly tenants: readonly string[];
  readonly apiKeys: readonly Secret[];
}

function policiesOf({ isSmall }: Settings, small: string | undefined): readonly string[] {
  return isSmall && small !== undefined ? ['small'] : [];
}

function directoryOf({ small, tenants }: FileCase, { tenants: ids, apiKeys }: Real): WantedDirectory {
  const settingsOf = (one: Settings) => ({
    allowlist: { models: [one.models] },
    policies: policiesOf(one, small),
  });
  return {
    policies: small === undefined ? [] : [{ name: 'small', allowlist: { models: [small] } }],
    tenants: tenants.flatMap((tenant, at) => {
      if (tenant === undefined) return [];
      const { requestsPerMinute } = tenant;
      const limits = requestsPerMinute === undefined ? undefined : { requestsPerMinute };
      const named = Object.entries(tenant.users).map(([name, user]) => ({ name, ...settingsOf(user) }));
      const keys = tenant.keys.flatMap((key, number) => {
        const apiKey = apiKeys[number];
        if (key === undefined || apiKey === undefined) return [];
        const { owner, byDigest } = key;
        const source = byDigest ? { digest: hashApiKey(rig.deps().peppers.current, apiKey) } : { apiKey };
        return [{ name: `key ${number}`, owner, scopes: ['messages'] as const, ...settingsOf(key), ...source }];
      });
      return [{ id: ids[at] ?? '', name: `tenant ${at}`, limits, ...settingsOf(tenant), users: named, apiKeys: keys }];
    }),
  };
}

interface Step {
  /** For the counterexample. */
  readonly text: string;
  run(model: Model, real: Real): Promise<void>;
}

function applyStep(file: FileCase, prune: boolean): Step {
  return {
    text: `apply${prune ? ' and prune' : ''} ${JSON.stringify(file)}`,
    async run(model, real) {
      // What a user names must be there, in the file too.
      const wanted = directoryOf(file, real);
      const call = async (dryRun: boolean) => {
        const result = await reconcile(rig.deps(), root, () => wanted, { dryRun, prune });
        if (result.kind === 'busy') throw new Error('nobody else applies');
        return doneValue(result).changes;
      };
      const told = await call(true);
      expect(await call(false)).toEqual(told);
      expect(await call(true)).toEqual([]);
      applyTo(model, file, prune);
    },
  };
}

function suspendTenantStep(at: number, isOn: boolean): Step {
  return {
    text: `${isOn ? 'suspend' : 'resume'} tenant ${at}`,
    async run(model, { tenants }) {
      const tenant = model.get(at);
      if (tenant === undefined) return;
      doneValue(await (isOn ? suspendTenant : resumeTenant)(rig.deps(), root, { tenant: tenants[at] ?? '' }));
      tenant.state = isOn ? 'suspended by the API' : 'active';
    },
  };
}

async function userId(tenant: string, name: string): Promise<string | undefined> {
  const { items } = doneValue(await listUsers(rig.deps(), root, { tenant }));
  return items.find((user) => user.name === name)?.id;
}

function suspendUserStep(at: number, name: string, isOn: boolean): Step {
  return {
    text: `${isOn ? 'suspend' : 'resume'} ${name} of ${at}`,
    async run(model, { tenants }) {
      const user = model.get(at)?.users.get(name);
      if (user === undefined) return;
      const tenant = tenants[at] ?? '';
      const id = (await userId(tenant, name)) ?? '';
      doneValue(await (isOn ? suspendUser : resumeUser)(rig.deps(), root, { tenant, id }));
      user.state = isOn ? 'suspended by the API' : 'active';
    },
  };
}

function createUserStep(at: number, name: string, { models }: Settings): Step {
  return {
    text: `create ${name} in ${at} with ${models}`,
    async run(model, { tenants }) {
      const found = model.get(at);
      if (found === undefined || found.users.has(name)) return;
      const allowlist = { models: [models] };
      doneValue(await createUser(rig.deps(), root, { tenant: tenants[at] ?? '', name, allowlist }));
      found.users.set(name, { settings: { models, isSmall: false }, state: 'active', byFile: false });
    },
  };
}

function putPolicyStep(at: number, models: string): Step {
  return {
    text: `put the policy of ${at} with ${models}`,
    async run(model, { tenants }) {
      const tenant = model.get(at);
      if (tenant === undefined) return;
      const policy = { tenant: tenants[at] ?? '', name: 'small', allowlist: { models: [models] } };
      const { kind } = await putPolicy(rig.deps(), root, policy);
      expect(kind).toBe(tenant.small?.byFile === true ? 'refused' : 'done');
      if (kind === 'done') tenant.small = { models, byFile: false };
    },
  };
}

function revokeStep(number: number): Step {
  return {
    text: `revoke key ${number}`,
    async run(model, { tenants }) {
      for (const [at, { keys }] of model) {
        const key = keys.get(number);
        if (key === undefined) continue;
        const tenant = tenants[at] ?? '';
        const { items } = doneValue(await listApiKeys(rig.deps(), root, { tenant }));
        const id = items.find(({ name }) => name === `key ${number}`)?.id ?? '';
        doneValue(await revokeApiKey(rig.deps(), root, { tenant, id }));
        key.isRevoked = true;
      }
    },
  };
}

const haiku: Wanted = { kind: 'name', name: 'claude-haiku', targets: [['a:m']] };

async function foundOf(apiKey: Secret): Promise<string> {
  const verifier = rig.openVerifier();
  const verification = await verifier.verify(apiKey);
  verifier.close();
  if (verification.kind === 'verified') {
    return isAllowed(verification.principal.authorization.policy, haiku) ? 'allowed' : 'denied';
  }
  return verification.kind === 'unknown' ? `unknown ${verification.reason}` : verification.kind;
}

/** Every API key does what the model says, and every record is as it says. */
async function compare(model: Model, { tenants, apiKeys }: Real): Promise<void> {
  expect(await Promise.all(apiKeys.map(foundOf))).toEqual(apiKeys.map((_, number) => expectedOf(model, number)));
  const deps = rig.deps();
  for (const [at, { settings, state, byFile, small, users: named }] of model) {
    const tenant = tenants[at] ?? '';
    const record = doneValue(await getTenant(deps, root, { tenant }));
    expect({ ...stateOf(record), models: record.allowlist.models, limits: record.limits }).toEqual({
      state,
      byFile,
      models: [settings.models],
      limits: settings.requestsPerMinute === undefined ? undefined : { requestsPerMinute: settings.requestsPerMinute },
    });
    const policies = doneValue(await listPolicies(deps, root, { tenant })).items;
    expect(policies.map(({ allowlist, origin }) => [allowlist.models, origin === 'file'])).toEqual(
      small === undefined ? [] : [[[small.models], small.byFile]],
    );
    const found = doneValue(await listUsers(deps, root, { tenant })).items;
    expect(new Map(found.map((user) => [user.name, { ...stateOf(user), models: user.allowlist?.models }]))).toEqual(
      new Map(
        [...named].map(([name, user]) => [
          name,
          { state: user.state, byFile: user.byFile, models: [user.settings.models] },
        ]),
      ),
    );
  }
}

const models = fc.constantFrom('*', '*haiku*', '*opus*');
const settings = fc.record({ models, isSmall: fc.boolean() });
const place = fc.nat({ max: 1 });
const userName = fc.constantFrom(...users);
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const tenantCase = fc
  .record({
    settings,
    requestsPerMinute: maybe(fc.constantFrom(5, 6)),
    users: fc.dictionary(userName, settings, { noNullPrototype: true }),
    keys: fc.array(maybe(fc.record({ settings, owner: maybe(userName), byDigest: fc.boolean() })), {
      minLength: keyCount,
      maxLength: keyCount,
    }),
  })
  .map(({ settings: own, keys, ...tenant }): TenantCase => ({
    ...own,
    ...tenant,
    keys: keys.map((key) =>
      key === undefined
        ? undefined
        : {
            ...key.settings,
            byDigest: key.byDigest,
            owner: key.owner !== undefined && key.owner in tenant.users ? key.owner : undefined,
          },
    ),
  }));

/** A key is in one tenant of a file at most, and what names a policy that is not there does not name it. */
const fileCase = fc
  .record({ small: maybe(models), tenants: fc.tuple(maybe(tenantCase), maybe(tenantCase)) })
  .map(({ small, tenants: [first, second] }): FileCase => {
    const without = <Item extends Settings>(one: Item): Item => ({
      ...one,
      isSmall: one.isSmall && small !== undefined,
    });
    const clean = (tenant: TenantCase | undefined, taken: readonly unknown[]): TenantCase | undefined =>
      tenant === undefined
        ? undefined
        : {
            ...without(tenant),
            users: Object.fromEntries(Object.entries(tenant.users).map(([name, user]) => [name, without(user)])),
            keys: tenant.keys.map((key, at) =>
              key === undefined || taken[at] !== undefined ? undefined : without(key),
            ),
          };
    return { small, tenants: [clean(first, []), clean(second, first?.keys ?? [])] };
  });

const apply = fc.tuple(fileCase, fc.nat({ max: 2 })).map(([file, chance]) => applyStep(file, chance === 0));
const byApi = fc.oneof(
  fc.tuple(place, fc.boolean()).map(([at, isOn]) => suspendTenantStep(at, isOn)),
  fc.tuple(place, userName, fc.boolean()).map(([at, name, isOn]) => suspendUserStep(at, name, isOn)),
  fc.tuple(place, userName, settings).map(([at, name, one]) => createUserStep(at, name, one)),
  fc.tuple(place, models).map(([at, list]) => putPolicyStep(at, list)),
  fc.nat({ max: keyCount - 1 }).map(revokeStep),
);

test('files one after the other, with changes by the API in between, leave what a plain model of them has', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(apply, apply, byApi), { minLength: 4, maxLength: 8, size: 'max' }),
      async (steps) => {
        const model: Model = new Map();
        const tenants = [randomUUID(), randomUUID()].map((id) => `t-${id}`);
        const apiKeys = Array.from({ length: keyCount }, () => generateApiKey(randomBytes));
        for (const step of steps) {
          await step.run(model, { tenants, apiKeys });
          await compare(model, { tenants, apiKeys });
        }
        // A prune of the next run would find what this one has left.
        await applyStep({ small: undefined, tenants: [] }, true).run(model, { tenants, apiKeys });
      },
    ),
    { numRuns: 20, interruptAfterTimeLimit: 15_000 },
  );
});
