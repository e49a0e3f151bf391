import { scopes } from '@ccg/kernel';
import type { LimitRule, Scope, Secret } from '@ccg/kernel';
import { z } from 'zod';
import { limitsRule } from './limits-rule.ts';
import { plainTextRule, timeZoneRule, waitingWeightRule } from './people-rules.ts';

const textMax = 200;
const patternsMax = 200;
const policiesMax = 10;

/** Models by the names that clients ask for, and targets as `{provider}:{model}`; `*` stands for any text. */
interface AllowlistSettings {
  readonly models?: readonly string[] | undefined;
  readonly targets?: readonly string[] | undefined;
}

export interface TenantSettings {
  readonly id: string;
  readonly name: string;
  readonly allowlist: AllowlistSettings;
  readonly limits?: { readonly requestsPerMinute?: number | undefined } | readonly LimitRule[] | undefined;
  readonly timeZone?: string | undefined;
  readonly contact?: string | undefined;
  readonly waitingWeight?: number | undefined;
  readonly policies: readonly string[];
  readonly users: readonly {
    readonly name: string;
    readonly allowlist?: AllowlistSettings | undefined;
    readonly policies: readonly string[];
    readonly group?: string | undefined;
    readonly waitingWeight?: number | undefined;
  }[];
  readonly apiKeys: readonly ApiKeySettings[];
}

/** An API key that the operator has, as its text or as its digest. */
export type ApiKeySettings = {
  readonly name: string;
  /** The name of a user of the tenant; undefined for a service. */
  readonly owner?: string | undefined;
  readonly scopes: readonly Scope[];
  readonly allowlist?: AllowlistSettings | undefined;
  readonly policies: readonly string[];
  readonly expiresAtMs?: number | undefined;
} & ({ readonly digest: string } | { readonly apiKey: Secret });

/** What the sections `policies` and `tenants` say. Every tenant of the file has every policy. */
export interface DirectorySettings {
  readonly policies: readonly { readonly name: string; readonly allowlist: AllowlistSettings }[];
  readonly tenants: readonly TenantSettings[];
}

const idRule = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/u, {
  error: 'must be up to 63 of a-z, 0-9, "-" and "_", and begin with a letter or a digit',
});

const textError = `must have 1 to ${textMax} characters, none of them a control character`;
const patternRule = z
  .string()
  .max(textMax, { error: textError })
  .regex(/^\P{Cc}+$/u, { error: textError })
  // Not part of the pattern, which the chart's schema holds, too: its language cannot write this.
  .refine((text) => !/[\p{Cs}\u202a-\u202e\u2066-\u2069]/u.test(text), { error: textError });
function patterns(rule: z.ZodType<string, string>) {
  return z
    .array(rule)
    .min(1, { error: 'must not be empty; "*" allows everything' })
    .max(patternsMax, { error: `must have at most ${patternsMax} patterns` })
    .optional();
}

const targetRule = patternRule.refine((pattern) => /[:*]/u.test(pattern), {
  error: 'must be {provider}:{model}; "*" stands for any text',
});

const allowlistRule = z
  .strictObject(
    {
      models: patterns(patternRule).describe('Names that clients may ask for; "*" stands for any text'),
      targets: patterns(targetRule).describe('{provider}:{model} that may serve them; "*" stands for any text'),
    },
    { error: ({ input }) => (input === undefined ? allowlistMissing : undefined) },
  )
  .refine(({ models, targets }) => models !== undefined || targets !== undefined, {
    error: 'must have models, targets or both; "*" allows everything',
  });

const allowlistMissing = 'is required. {models: ["*"]} allows every model';

const policyNames = z
  .array(z.string())
  .max(policiesMax, { error: `must name at most ${policiesMax} policies` })
  .default([])
  .describe('Names of entries of "policies", each of which restricts further');

const expiryError = 'must be a time with its zone, such as 2027-01-31T00:00:00Z';

const userRule = z.strictObject({
  allowlist: allowlistRule.optional(),
  policies: policyNames,
  group: idRule.optional().describe('Whose pool of the limits of that level the user shares'),
  waitingWeight: waitingWeightRule
    .optional()
    .describe('How many turns the user has where others have one, while requests wait. 1 unless given'),
});

const apiKeyRule = z
  .strictObject({
    name: plainTextRule.describe('What it is used for'),
    owner: z.string().optional().describe('The name of a user of this tenant. Left out: a service'),
    scopes: z
      .array(z.enum(scopes))
      .min(1, { error: 'must not be empty' })
      .default(['messages', 'self'])
      .describe('What it may do'),
    allowlist: allowlistRule.optional(),
    policies: policyNames,
    expiresAt: z.iso.datetime({ offset: true, error: expiryError }).optional(),
    digest: z
      .string()
      .regex(/^[0-9a-f]{64}(?:,[0-9a-f]{64})*$/u, {
        error: 'must be the digest of an API key, which `ccg keys digest` prints',
      })
      .optional()
      .describe('What `ccg keys digest` prints: with KEY_PEPPER_PREVIOUS several, with commas between them'),
    file: z
      .string()
      .min(1)
      .optional()
      .describe('A file that holds the API key; its path begins at the folder of this one'),
    env: z.string().min(1).optional().describe('An environment variable that holds the API key'),
  })
  .refine((key) => sourcesOf(key).length === 1, {
    error:
      'must have exactly one of digest, file and env, which say what the API key is. The API key itself does not belong into this file',
  });

/** The sections `policies` and `tenants` of `gateway.yaml`. */
export const directoryRules = {
  policies: z.record(idRule, allowlistRule).describe('Named allowlists, for every tenant of this file'),
  tenants: z
    .record(
      idRule,
      z.strictObject({
        name: plainTextRule.describe('For people'),
        allowlist: allowlistRule,
        limits: limitsRule.optional().describe('A list of limits; [] for none. Left out: RATE_LIMIT_RPM'),
        timeZone: timeZoneRule.optional().describe('Where the days, weeks and months of budgets begin. Left out: UTC'),
        contact: plainTextRule
          .optional()
          .describe('Whom a developer asks who is stopped by a limit. Left out: SUPPORT_CONTACT'),
        waitingWeight: waitingWeightRule
          .optional()
          .describe(
            'How many items of its batches run where other tenants have one, while all have work. 1 unless given',
          ),
        policies: policyNames,
        users: z
          .record(plainTextRule, userRule.nullable())
          .default({})
          .describe('Developers who own API keys, by their names'),
        apiKeys: z.array(apiKeyRule).default([]).describe('API keys that exist already'),
      }),
    )
    .describe('Teams that use the gateway, by their ids. The admin app brings them into the store'),
};

type Tenants = z.output<typeof directoryRules.tenants>;
type ApiKeyEntry = Tenants[string]['apiKeys'][number];
type Place = readonly (string | number)[];
type Source = { readonly env: string } | { readonly file: string };

/** Brings the sections into the form in which they are used. */
export function readDirectory(
  policies: z.output<typeof directoryRules.policies>,
  tenants: Tenants,
  read: (source: Source) => Secret,
): DirectorySettings {
  return {
    policies: Object.entries(policies).map(([name, allowlist]) => ({ name, allowlist })),
    tenants: Object.entries(tenants).map(([id, { users, apiKeys, ...tenant }]) => ({
      ...tenant,
      id,
      users: Object.entries(users).map(([name, user]) => ({ name, ...(user ?? { policies: [] }) })),
      apiKeys: apiKeys.map((entry) => readApiKey(entry, read)),
    })),
  };
}

function readApiKey(
  { digest, file, env, expiresAt, ...settings }: ApiKeyEntry,
  read: (source: Source) => Secret,
): ApiKeySettings {
  const timed = { ...settings, expiresAtMs: expiresAt === undefined ? undefined : Date.parse(expiresAt) };
  if (digest !== undefined) return { ...timed, digest };
  return { ...timed, apiKey: read(file === undefined ? { env: env ?? '' } : { file }) };
}

/** Whether a text looks like an API key; its checksum is looked at when it is stored. */
export function looksLikeApiKey(text: string): boolean {
  return /^ccg_live_[0-9A-Za-z]{38}$/u.test(text);
}

/** The files and variables that hold API keys, with the places where they are named, in sections as they were written. */
export function apiKeySources(tenants: unknown): readonly { readonly path: Place; readonly source: Source }[] {
  return Object.entries(recordOf(tenants)).flatMap(([id, tenant]) =>
    listOf(recordOf(tenant)['apiKeys']).flatMap((key, at) => {
      const { file, env } = recordOf(key);
      const path = ['tenants', id, 'apiKeys', at];
      return [
        ...(typeof file === 'string' && file !== '' ? [{ path: [...path, 'file'], source: { file } }] : []),
        ...(typeof env === 'string' && env !== '' ? [{ path: [...path, 'env'], source: { env } }] : []),
      ];
    }),
  );
}

interface PlacedProblem {
  readonly path: Place;
  readonly message: string;
}

/**
 * What the sections name and do not have: policies and users, and API keys that stand there twice. It takes the sections
 * as they were written, so that a fault elsewhere hides nothing.
 */
export function directoryProblems(policies: unknown, tenants: unknown): readonly PlacedProblem[] {
  const known = new Set(Object.keys(recordOf(policies)));
  const missing = (path: Place, names: unknown): PlacedProblem[] =>
    listOf(names).flatMap((name, at) =>
      typeof name !== 'string' || known.has(name)
        ? []
        : [{ path: [...path, 'policies', at], message: `"${shown(name)}" is not in "policies" of this file` }],
    );
  const seen = new Map<string, string>();
  return Object.entries(recordOf(tenants)).flatMap(([id, value]) => {
    const tenant = recordOf(value);
    const users = recordOf(tenant['users']);
    return [
      ...missing(['tenants', id], tenant['policies']),
      ...Object.entries(users).flatMap(([name, user]) =>
        missing(['tenants', id, 'users', name], recordOf(user)['policies']),
      ),
      ...listOf(tenant['apiKeys']).flatMap((key, at) => {
        const path = ['tenants', id, 'apiKeys', at];
        const { policies: names, owner, ...entry } = recordOf(key);
        return [...missing(path, names), ...ownerProblems(path, owner, users), ...repeated(path, entry, seen)];
      }),
    ];
  });
}

function ownerProblems(path: Place, owner: unknown, users: object): PlacedProblem[] {
  if (typeof owner !== 'string' || Object.hasOwn(users, owner)) return [];
  return [{ path: [...path, 'owner'], message: `"${shown(owner)}" is not in "users" of this tenant` }];
}

function repeated(path: Place, entry: Readonly<Record<string, unknown>>, seen: Map<string, string>): PlacedProblem[] {
  return sourcesOf(entry).flatMap((source) => {
    const where = JSON.stringify([source, entry[source]]);
    const first = seen.get(where);
    seen.set(where, first ?? path.join('.'));
    return first === undefined
      ? []
      : [{ path: [...path, source], message: `is the API key of ${first} too. Keep one` }];
  });
}

function sourcesOf(entry: Readonly<Record<string, unknown>>): readonly string[] {
  return ['digest', 'file', 'env'].filter((source) => entry[source] !== undefined);
}

/** A long text may be a secret in the wrong place. */
function shown(name: string): string {
  return name.length <= 63 && !name.startsWith('ccg_') ? name : '…';
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
