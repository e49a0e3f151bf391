import type { Secret } from '@ccg/kernel';
import {
  createApiKey,
  createUser,
  importApiKey,
  isAllowed,
  listApiKeys,
  resumeTenant,
  resumeUser,
  revokeApiKey,
  rotateApiKey,
  suspendTenant,
  suspendUser,
  updateUser,
} from '@ccg/tenancy';
import type { Result, Wanted } from '@ccg/tenancy';
import { createManualClock, doneValue } from '@ccg/testkit';
import type { ManualClock } from '@ccg/testkit';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { name, openTenancyRig, root } from './support/tenancy-rig.ts';
import type { TenancyRig } from './support/tenancy-rig.ts';

let rig: TenancyRig;

beforeEach(async () => {
  rig = await openTenancyRig();
});

afterEach(async () => {
  await rig.close();
});

/** Everything that should be true of the store, in plain objects. Users and API keys are known by their place. */
interface Model {
  nowMs: number;
  readonly suspended: Set<string>;
  readonly users: { readonly tenant: number; models: string | undefined; suspended: boolean }[];
  readonly keys: ModelKey[];
}

interface ModelKey {
  readonly tenant: number;
  readonly user: number | undefined;
  readonly models: string | undefined;
  revoked: boolean;
  rotated: boolean;
  expiresAtMs: number;
}

interface Real {
  readonly clock: ManualClock;
  readonly tenants: readonly string[];
  readonly userIds: string[];
  readonly keys: { readonly id: string; readonly apiKey: Secret }[];
}

type Step = (model: Model, real: Real) => Promise<void>;

/** A verb with its arguments: it is called on the store, and its effect is worked out on the model. */
class Call implements fc.AsyncCommand<Model, Real> {
  readonly #text: string;
  readonly #step: Step;

  constructor(text: string, step: Step) {
    this.#text = text;
    this.#step = step;
  }

  check(): boolean {
    return true;
  }

  async run(model: Model, real: Real): Promise<void> {
    // Time passes before each call, so that what is created in a row has an order.
    real.clock.advance(1);
    model.nowMs += 1;
    await this.#step(model, real);
    await compare(model, real);
  }

  toString(): string {
    return this.#text;
  }
}

const haiku: Wanted = { kind: 'name', name: 'claude-haiku-4', targets: [['openai:gpt-4.1-mini']] };
const tenantCount = 2;

function expectedOf({ nowMs, suspended, users }: Model, key: ModelKey, real: Real): unknown {
  const user = key.user === undefined ? undefined : users[key.user];
  if (key.revoked) return { kind: 'unknown', reason: 'revoked' };
  if (nowMs >= key.expiresAtMs) return { kind: 'unknown', reason: 'expired' };
  if (suspended.has(`${key.tenant}`)) return { kind: 'suspended', of: 'tenant', tenant: real.tenants[key.tenant] };
  if (user?.suspended === true) return { kind: 'suspended', of: 'user', tenant: real.tenants[key.tenant] };
  const allowsHaiku = [key.models, user?.models].every((models) => models === undefined || models === '*haiku*');
  return { kind: 'verified', tenant: real.tenants[key.tenant], allowsHaiku };
}

/** Every API key is what the model says, and the lists have each of them once, in order. */
async function compare(model: Model, real: Real): Promise<void> {
  const verifier = rig.openVerifier(undefined, real.clock);
  const found = await Promise.all(
    real.keys.map(async ({ apiKey }) => {
      const verification = await verifier.verify(apiKey);
      if (verification.kind !== 'verified') return verification;
      const { tenant, authorization } = verification.principal;
      return { kind: 'verified', tenant, allowsHaiku: isAllowed(authorization.policy, haiku) };
    }),
  );
  verifier.close();
  expect(found).toEqual(model.keys.map((key) => expectedOf(model, key, real)));
  for (const [at, tenant] of real.tenants.entries()) {
    const { items } = doneValue(await listApiKeys(rig.deps(), root, { tenant, limit: 200 }));
    const ids = real.keys.flatMap(({ id }, key) => (model.keys[key]?.tenant === at ? [id] : []));
    expect(items.map(({ id }) => id)).toEqual(ids);
  }
}

function deps(real: Real) {
  return rig.deps(undefined, real.clock);
}

const never = Infinity;
const hourMs = 60 * 60 * 1000;
const place = fc.nat({ max: 9 });
const tenantPlace = fc.nat({ max: tenantCount - 1 });
const models = fc.constantFrom(undefined, '*haiku*', '*opus*');

/** The item at a place that may be beyond the end; undefined where there is none at all. */
function at<Item>(items: readonly Item[], wanted: number): number | undefined {
  return items.length === 0 ? undefined : wanted % items.length;
}

interface AskedUser {
  readonly tenant: number;
  readonly models: string | undefined;
}

function createUserCall(asked: AskedUser): Call {
  return new Call(`createUser ${JSON.stringify(asked)}`, async (model, real) => {
    const tenant = real.tenants[asked.tenant] ?? '';
    const allowlist = asked.models === undefined ? undefined : { models: [asked.models] };
    const user = { tenant, name: `user ${real.userIds.length}`, allowlist };
    real.userIds.push(doneValue(await createUser(deps(real), root, user)).id);
    model.users.push({ ...asked, suspended: false });
  });
}

interface AskedKey extends AskedUser {
  readonly user: number | null;
  readonly hours: number;
}

function createKeyCall(asked: AskedKey): Call {
  return new Call(`createApiKey ${JSON.stringify(asked)}`, async (model, real) => {
    const { nowMs } = model;
    const user = asked.user === null ? undefined : at(model.users, asked.user);
    const isForeign = user !== undefined && model.users[user]?.tenant !== asked.tenant;
    const expiresAtMs = asked.hours === 0 ? never : nowMs + asked.hours * hourMs;
    const result = await createApiKey(deps(real), root, {
      tenant: real.tenants[asked.tenant] ?? '',
      name,
      owner: user === undefined ? { kind: 'service' } : { kind: 'user', id: real.userIds[user] ?? '' },
      allowlist: asked.models === undefined ? undefined : { models: [asked.models] },
      expiresAtMs: expiresAtMs === never ? undefined : expiresAtMs,
    });
    expect(kindOf(result)).toBe(isForeign ? 'unknown' : 'done');
    if (result.kind === 'refused') return;
    real.keys.push({ id: result.value.record.id, apiKey: result.value.apiKey });
    model.keys.push({
      tenant: asked.tenant,
      user,
      models: asked.models,
      revoked: false,
      rotated: false,
      expiresAtMs,
    });
  });
}

const newUser = fc.record({ tenant: tenantPlace, models }).map(createUserCall);
const newKey = fc
  .record({ tenant: tenantPlace, user: fc.option(place), models, hours: fc.nat({ max: 3 }) })
  .map(createKeyCall);

/** A verb on an API key, named in its own tenant or in another one, where there is no such API key. */
function onKey(
  verb: string,
  call: (key: ModelKey, names: { tenant: string; id: string; apiKey: Secret }, both: [Model, Real]) => Promise<string>,
) {
  return fc.record({ key: place, isForeign: fc.nat({ max: 3 }).map((chance) => chance === 0) }).map(
    ({ key: wanted, isForeign }) =>
      new Call(`${verb} ${wanted}${isForeign ? ' in the other tenant' : ''}`, async (model, real) => {
        const found = at(model.keys, wanted);
        if (found === undefined) return;
        const [key, issued] = [model.keys[found], real.keys[found]];
        if (key === undefined || issued === undefined) return;
        const tenant = real.tenants[isForeign ? (key.tenant + 1) % tenantCount : key.tenant] ?? '';
        // A foreign call is made on a copy, so that only its refusal counts.
        const kind = await call(isForeign ? { ...key } : key, { ...issued, tenant }, [model, real]);
        if (isForeign) expect(['unknown', 'taken']).toContain(kind);
      }),
  );
}

const revoke = onKey('revokeApiKey', async (key, names, [, real]) => {
  const result = await revokeApiKey(deps(real), root, names);
  key.revoked = true;
  return kindOf(result);
});

const importAgain = onKey('importApiKey', async (key, names, [, real]) => {
  const result = await importApiKey(deps(real), root, { ...names, name });
  if (result.kind === 'done')
    expect(result.value).toEqual({ id: names.id, outcome: key.revoked ? 'revoked' : 'present' });
  return kindOf(result);
});

const rotate = fc.nat({ max: 2 }).chain((hours) =>
  onKey(`rotateApiKey for ${hours} h`, async (key, names, [model, real]) => {
    const { nowMs } = model;
    const result = await rotateApiKey(deps(real), root, { ...names, overlapMs: hours * hourMs });
    if (result.kind === 'refused' && result.refusal.kind === 'unknown') return 'unknown';
    const isOver = key.revoked || key.rotated || nowMs >= key.expiresAtMs;
    expect(kindOf(result)).toBe(isOver ? 'not-rotatable' : 'done');
    if (result.kind === 'refused') return kindOf(result);
    real.keys.push({ id: result.value.record.id, apiKey: result.value.apiKey });
    model.keys.push({ ...key, rotated: false });
    key.rotated = true;
    key.expiresAtMs = Math.min(key.expiresAtMs, nowMs + hours * hourMs);
    return 'done';
  }),
);

const setUser = fc.record({ user: place, verb: fc.constantFrom('suspend', 'resume', 'update'), models }).map(
  (asked) =>
    new Call(`${asked.verb}User ${JSON.stringify(asked)}`, async (model, real) => {
      const found = at(model.users, asked.user);
      const user = found === undefined ? undefined : model.users[found];
      if (found === undefined || user === undefined) return;
      const names = { tenant: real.tenants[user.tenant] ?? '', id: real.userIds[found] ?? '' };
      if (asked.verb === 'update') {
        const allowlist = asked.models === undefined ? null : { models: [asked.models] };
        doneValue(await updateUser(deps(real), root, { ...names, allowlist }));
        user.models = asked.models;
        return;
      }
      const verb = asked.verb === 'suspend' ? suspendUser : resumeUser;
      doneValue(await verb(deps(real), root, names));
      user.suspended = asked.verb === 'suspend';
    }),
);

const setTenant = fc.record({ tenant: tenantPlace, isOn: fc.nat({ max: 2 }).map((chance) => chance === 0) }).map(
  ({ tenant, isOn }) =>
    new Call(`${isOn ? 'suspend' : 'resume'}Tenant ${tenant}`, async (model, real) => {
      const verb = isOn ? suspendTenant : resumeTenant;
      doneValue(await verb(deps(real), root, { tenant: real.tenants[tenant] ?? '' }));
      if (isOn) model.suspended.add(`${tenant}`);
      else model.suspended.delete(`${tenant}`);
    }),
);

const pass = fc.constantFrom(1, hourMs, 3 * hourMs).map(
  (ms) =>
    new Call(`${ms} ms pass`, async (model, real) => {
      real.clock.advance(ms);
      model.nowMs += ms;
    }),
);

function kindOf(result: Result<unknown>): string {
  return result.kind === 'refused' ? result.refusal.kind : result.kind;
}

/** Where every sequence begins: both tenants have a user, an API key of that user and one of a service. */
const beginning = [
  ...[0, 1].map((tenant) => createUserCall({ tenant, models: undefined })),
  ...[0, 1].flatMap((tenant) =>
    [tenant, null].map((user) => createKeyCall({ tenant, user, models: undefined, hours: 0 })),
  ),
];

test('random sequences of verbs leave what a plain model of them has', async () => {
  const calls = [newUser, newKey, revoke, importAgain, rotate, rotate, setUser, setTenant, pass];
  await fc.assert(
    fc.asyncProperty(fc.commands(calls, { maxCommands: 20, size: 'max' }), async (sequence) => {
      const clock = createManualClock();
      const tenants = [await rig.newTenant(), await rig.newTenant()];
      const model: Model = { nowMs: clock.now(), suspended: new Set(), users: [], keys: [] };
      const real: Real = { clock, tenants, userIds: [], keys: [] };
      for (const call of beginning) await call.run(model, real);
      await fc.asyncModelRun<Model, Real, boolean, Model>(() => ({ model, real }), sequence);
    }),
    { numRuns: 20, interruptAfterTimeLimit: 20_000 },
  );
});
