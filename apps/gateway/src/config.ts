import { Secret } from '@ccg/kernel';
import { catalogVariables, onOrOff, optionalText, wholeNumber } from '@ccg/catalog';
import type { Audience, Catalog, IssuerSettings } from '@ccg/catalog';
import { isLoopback, readAddressRange } from '@ccg/edge';
import type { AddressRange } from '@ccg/edge';
import type { Limits, Peppers } from '@ccg/tenancy';
import { logLevels } from '@ccg/telemetry';
import type { LogLevel } from '@ccg/telemetry';
import type { UpstreamProxy } from '@ccg/upstream';
import { z } from 'zod';
import { catalogFileVariable, readCatalog } from './read-catalog.ts';
import { readCertificates } from './read-certificates.ts';
import { describeProblems } from './start-error.ts';
import { judgeRedisUrl, redisTargetOf } from './redis-url.ts';
import type { RedisTarget } from './redis-url.ts';

export interface GatewayConfig {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly opsHost: string;
  readonly opsPort: number;
  readonly redis: RedisTarget;
  readonly redisKeyPrefix: string;
  readonly keyPeppers: Peppers;
  /** How long a verified API key goes on working while Redis is away. */
  readonly apiKeyStaleMs: number;
  /** The first key encrypts; any key decrypts. */
  readonly sealingKeys: readonly [Secret, ...Secret[]];
  readonly catalog: Catalog;
  /** Whose tokens are taken. */
  readonly issuers: readonly IssuerSettings[];
  /** Proxies that say truly from where a request came. */
  readonly trustedProxies: readonly AddressRange[];
  readonly limits: Limits;
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  /** How long a stream's status is held back for the upstream's first event. */
  readonly streamHoldMs: number;
  readonly pingIntervalMs: number;
  /** How long a reader may take nothing before it is cut. */
  readonly stallTimeoutMs: number;
  readonly upstreamConnectTimeoutMs: number;
  readonly upstreamFirstByteTimeoutMs: number;
  readonly upstreamIdleTimeoutMs: number;
  /** How often providers are asked for their models; 0 never. */
  readonly modelListIntervalMs: number;
  readonly upstreamProxy: UpstreamProxy | undefined;
  /** Whether images and documents are fetched by URL for providers that take bytes alone. */
  readonly fetchImageUrls: boolean;
  /** PEM certificates that are trusted beside Node's. */
  readonly upstreamExtraRoots: string | undefined;
  readonly logLevel: LogLevel;
}

export type ParsedConfig =
  /** Warnings name a variable and the remedy, one line each. Those of the listeners are true once they listen. */
  | {
      readonly kind: 'valid';
      readonly config: GatewayConfig;
      readonly warnings: readonly string[];
      readonly listenWarnings: readonly string[];
      /** Which file was read, and what of the environment it replaces. */
      readonly notices: readonly string[];
    }
  | { readonly kind: 'faulty'; readonly problems: readonly string[]; readonly message: string };

type Env = Readonly<Record<string, string | undefined>>;

const serverSchema = z.object({
  HOST: text('127.0.0.1'),
  PORT: wholeNumber({ max: 65_535, unset: 4000 }),
  OPS_HOST: optionalText(),
  OPS_PORT: wholeNumber({ max: 65_535, unset: 4002 }),
  REDIS_URL: z
    .string({ error: 'is required: redis://, rediss:// or unix:///path/of/a.sock' })
    .superRefine((url, context) => {
      const message = judgeRedisUrl(url);
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    }),
  REDIS_KEY_PREFIX: text('ccg:').refine((prefix) => !/[{}]/u.test(prefix), { error: 'must not contain braces' }),
  KEY_PEPPER: z
    .string({ error: 'is required: a secret of at least 32 characters, such as the output of `openssl rand -hex 32`' })
    .min(32, { error: 'must have at least 32 characters; `openssl rand -hex 32` makes one' })
    .transform((pepper) => new Secret(pepper)),
  KEY_PEPPER_PREVIOUS: secretList(),
  API_KEY_STALE_SECONDS: wholeNumber({ max: 86_400, unset: 60 }),
  SEALING_KEYS: secretList(),
  TRUST_PROXY: text('').transform(readTrustedProxies),
  RATE_LIMIT_RPM: optionalText()
    .refine((value) => value === undefined || /^[1-9]\d{0,8}$/u.test(value), {
      error: 'must be a whole number of requests per minute, from 1; leave it out for no limit',
    })
    .transform((value) => (value === undefined ? undefined : Number(value))),
  DRAIN_DELAY_MS: wholeNumber({ max: 600_000, unset: 0 }),
  DRAIN_TIMEOUT_MS: wholeNumber({ max: 86_400_000, unset: 600_000 }),
  STREAM_HOLD_MS: wholeNumber({ max: 60_000, unset: 8000 }),
  PING_INTERVAL_MS: wholeNumber({ min: 10, max: 120_000, unset: 10_000 }),
  STALL_TIMEOUT_MS: wholeNumber({ min: 10, max: 3_600_000, unset: 60_000 }),
  UPSTREAM_CONNECT_TIMEOUT_MS: wholeNumber({ min: 10, max: 600_000, unset: 10_000 }),
  UPSTREAM_FIRST_BYTE_TIMEOUT_MS: wholeNumber({ min: 10, max: 3_600_000, unset: 600_000 }),
  UPSTREAM_IDLE_TIMEOUT_MS: wholeNumber({ min: 10, max: 3_600_000, unset: 300_000 }),
  MODEL_LIST_INTERVAL_MS: wholeNumber({ max: 86_400_000, unset: 3_600_000 }),
  HTTPS_PROXY: optionalText()
    // Other programs take a bare host and port for an http proxy, and share the variable.
    .transform((value) => (value === undefined || value.includes('://') ? value : `http://${value}`))
    .refine((value) => value === undefined || isProxyUrl(value), {
      error: 'must be an http:// or https:// URL, such as http://proxy.example:3128',
    })
    .transform((value) => (value === undefined ? undefined : new Secret(value))),
  NO_PROXY: text(''),
  FETCH_IMAGE_URLS: onOrOff(false),
  NODE_EXTRA_CA_CERTS: optionalText().transform(readCertificates),
  LOG_LEVEL: optionalText().pipe(
    z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
  ),
});

/** The names of all variables that the gateway reads. */
export const gatewayVariables: readonly string[] = [
  'ENV_FILE',
  catalogFileVariable,
  ...Object.keys(serverSchema.shape),
  ...catalogVariables,
];

/** Reads the whole configuration, and names every faulty variable in one message. */
export function parseConfig(env: Env, audience: Audience = 'organisation'): ParsedConfig {
  const server = serverSchema.safeParse(env);
  const catalog = readCatalog(env, audience);
  const clash = clashes(env, new Set(server.error?.issues.map(({ path: [name] }) => name)));
  if (!server.success || clash.length > 0 || catalog.kind === 'faulty') {
    const problems = [...issuesOf(server.error), ...clash, ...(catalog.kind === 'faulty' ? catalog.problems : [])];
    return { kind: 'faulty', problems, message: describeProblems(problems) };
  }
  const config = Object.freeze(toConfig(server.data, catalog));
  const { warnings, notices } = catalog;
  return { kind: 'valid', config, warnings, listenWarnings: opsHostWarnings(server.data), notices };
}

/** What is wrong with variables together, among those that are right each. */
function clashes(env: Env, faulty: ReadonlySet<PropertyKey | undefined>): readonly string[] {
  const isRight = (...names: readonly string[]) => names.every((name) => !faulty.has(name));
  // The two that are required play no part.
  const required = { REDIS_URL: 'redis://127.0.0.1', KEY_PEPPER: 'x'.repeat(32) };
  const others = Object.fromEntries(Object.entries(env).filter(([name]) => isRight(name)));
  const { data } = serverSchema.safeParse({ ...others, ...required });
  if (data === undefined) return [];
  return [
    ...(isRight('HOST', 'PORT', 'OPS_HOST', 'OPS_PORT') ? portClash(data) : []),
    ...(isRight('FETCH_IMAGE_URLS', 'HTTPS_PROXY') ? proxyClash(data) : []),
  ];
}

/** Two listeners cannot share an address; with 0 the system chooses two. */
function portClash({ HOST, PORT, OPS_HOST = HOST, OPS_PORT }: z.infer<typeof serverSchema>): readonly string[] {
  const isSame = PORT === OPS_PORT && PORT !== 0 && HOST === OPS_HOST;
  return isSame ? ['PORT and OPS_PORT must differ: the one is for clients, the other for probes and metrics.'] : [];
}

/** A proxy would choose the address that a file comes from, so nobody could tell that it is a public one. */
function proxyClash({ FETCH_IMAGE_URLS, HTTPS_PROXY }: z.infer<typeof serverSchema>): readonly string[] {
  if (!FETCH_IMAGE_URLS || HTTPS_PROXY === undefined) return [];
  return [
    'FETCH_IMAGE_URLS: cannot be true while HTTPS_PROXY is set, since the proxy would choose the address. ' +
      'Remove FETCH_IMAGE_URLS, and images by URL are refused where a provider takes bytes alone, or remove HTTPS_PROXY.',
  ];
}

/** A gateway that is opened to a network opens its metrics too, which nobody asked for. */
function opsHostWarnings({ HOST, OPS_HOST, OPS_PORT }: z.infer<typeof serverSchema>): readonly string[] {
  if (OPS_HOST !== undefined || isLoopback(HOST)) return [];
  return [
    `Whoever reaches ${HOST} can read the metrics on port ${OPS_PORT}, because OPS_HOST is unset and follows HOST. ` +
      'Set OPS_HOST to 127.0.0.1 or to an internal address.',
  ];
}

function toConfig(
  server: z.infer<typeof serverSchema>,
  { catalog, issuers }: Pick<GatewayConfig, 'catalog' | 'issuers'>,
): GatewayConfig {
  return {
    host: server.HOST,
    port: server.PORT,
    opsHost: server.OPS_HOST ?? server.HOST,
    opsPort: server.OPS_PORT,
    redis: redisTargetOf(server.REDIS_URL),
    redisKeyPrefix: server.REDIS_KEY_PREFIX,
    keyPeppers: peppersOf(server),
    apiKeyStaleMs: server.API_KEY_STALE_SECONDS * 1000,
    sealingKeys: sealingKeys(server.SEALING_KEYS, peppersOf(server)),
    catalog,
    issuers,
    trustedProxies: server.TRUST_PROXY,
    limits: { requestsPerMinute: server.RATE_LIMIT_RPM },
    drainDelayMs: server.DRAIN_DELAY_MS,
    drainTimeoutMs: server.DRAIN_TIMEOUT_MS,
    streamHoldMs: server.STREAM_HOLD_MS,
    pingIntervalMs: server.PING_INTERVAL_MS,
    stallTimeoutMs: server.STALL_TIMEOUT_MS,
    upstreamConnectTimeoutMs: server.UPSTREAM_CONNECT_TIMEOUT_MS,
    upstreamFirstByteTimeoutMs: server.UPSTREAM_FIRST_BYTE_TIMEOUT_MS,
    upstreamIdleTimeoutMs: server.UPSTREAM_IDLE_TIMEOUT_MS,
    modelListIntervalMs: server.MODEL_LIST_INTERVAL_MS,
    upstreamProxy: server.HTTPS_PROXY === undefined ? undefined : { url: server.HTTPS_PROXY, except: server.NO_PROXY },
    fetchImageUrls: server.FETCH_IMAGE_URLS,
    upstreamExtraRoots: server.NODE_EXTRA_CA_CERTS,
    logLevel: server.LOG_LEVEL,
  };
}

function peppersOf({ KEY_PEPPER, KEY_PEPPER_PREVIOUS = [] }: z.infer<typeof serverSchema>): Peppers {
  return { current: KEY_PEPPER, previous: KEY_PEPPER_PREVIOUS };
}

/** Without keys of its own the peppers serve: sealing derives other keys from them. */
function sealingKeys(
  keys: readonly Secret[] | undefined,
  { current, previous }: Peppers,
): readonly [Secret, ...Secret[]] {
  const [first = current, ...others] = keys ?? [current, ...previous];
  return [first, ...others];
}

/** One line per fault. Values are left out: a mistyped variable may hold a secret. */
function issuesOf(error: z.ZodError | undefined): string[] {
  return (error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}

function secretList() {
  return optionalText()
    .transform((value) => value?.split(',').map((secret) => secret.trim()))
    .refine((secrets) => secrets?.every((secret) => secret.length >= 32) ?? true, {
      error: 'must be a comma list of secrets with at least 32 characters each; `openssl rand -hex 32` makes one',
    })
    .transform((secrets) => secrets?.map((secret) => new Secret(secret)));
}

function text(unset: string) {
  return optionalText().transform((value) => value ?? unset);
}

/** Names are left out on purpose: who answers to a name can change. */
function readTrustedProxies(list: string, context: z.RefinementCtx): readonly AddressRange[] {
  const ranges = list
    .split(',')
    .map((range) => range.trim())
    .filter((range) => range !== '')
    .map(readAddressRange);
  const known = ranges.filter((range) => range !== undefined);
  if (known.length === ranges.length) return known;
  const message = 'must be a comma list of addresses and ranges, such as 10.0.0.0/8, 192.168.1.7, fd00::/8';
  context.addIssue({ code: 'custom', message });
  return [];
}

function isProxyUrl(value: string): boolean {
  return URL.canParse(value) && /^https?:$/u.test(new URL(value).protocol);
}
