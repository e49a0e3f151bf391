import { optionalText, wholeNumber } from '@ccg/catalog';
import { isLoopback, readAddressRange } from '@ccg/edge';
import type { AddressRange } from '@ccg/edge';
import { nameFault, Secret } from '@ccg/kernel';
import type { LimitRule } from '@ccg/kernel';
import { limitRulesOf } from '@ccg/tenancy';
import { logLevels } from '@ccg/telemetry';
import type { LabelBounds, LogLevel } from '@ccg/telemetry';
import type { Peppers } from '@ccg/tenancy';
import type { UpstreamProxy } from '@ccg/upstream';
import { z } from 'zod';
import { readCertificates } from './read-certificates.ts';

// Each group is the rules of some variables, the settings that they become, and the function between. An app spreads the
// groups that it needs into its own schema, so that a variable has one rule in all processes.

export const processVariables = {
  HOST: textOr('127.0.0.1'),
  OPS_HOST: optionalText(),
  OPS_PORT: wholeNumber({ max: 65_535, unset: 4002 }),
  DRAIN_DELAY_MS: wholeNumber({ max: 600_000, unset: 0 }),
  DRAIN_TIMEOUT_MS: wholeNumber({ max: 86_400_000, unset: 600_000 }),
  LOG_LEVEL: optionalText().pipe(
    z.enum(logLevels, { error: `must be one of ${logLevels.join(', ')}` }).default('info'),
  ),
};

/** Where a process listens, how it ends and what it logs. */
export interface ProcessSettings {
  readonly host: string;
  readonly opsHost: string;
  /** 0 lets the system choose. */
  readonly opsPort: number;
  readonly drainDelayMs: number;
  readonly drainTimeoutMs: number;
  readonly logLevel: LogLevel;
}

type ValuesOf<Rules extends z.ZodRawShape> = z.output<z.ZodObject<Rules>>;

export function processSettings(values: ValuesOf<typeof processVariables>): ProcessSettings {
  return {
    host: values.HOST,
    opsHost: values.OPS_HOST ?? values.HOST,
    opsPort: values.OPS_PORT,
    drainDelayMs: values.DRAIN_DELAY_MS,
    drainTimeoutMs: values.DRAIN_TIMEOUT_MS,
    logLevel: values.LOG_LEVEL,
  };
}

type ListenValues = ValuesOf<Pick<typeof processVariables, 'HOST' | 'OPS_HOST' | 'OPS_PORT'>>;

/** Two listeners cannot share an address; with 0 the system chooses two. The variable is the one of the port for clients. */
export function portClash(
  { HOST, OPS_HOST = HOST, OPS_PORT }: ListenValues,
  variable: string,
  port: number,
): readonly string[] {
  const isSame = port === OPS_PORT && port !== 0 && HOST === OPS_HOST;
  return isSame
    ? [`${variable} and OPS_PORT must differ: the one is for clients, the other for probes and metrics.`]
    : [];
}

/** A process that is opened to a network opens its metrics too, which nobody asked for. */
export function opsHostWarnings({ HOST, OPS_HOST, OPS_PORT }: ListenValues): readonly string[] {
  if (OPS_HOST !== undefined || isLoopback(HOST)) return [];
  return [
    `Whoever reaches ${HOST} can read the metrics on port ${OPS_PORT}, because OPS_HOST is unset and follows HOST. ` +
      'Set OPS_HOST to 127.0.0.1 or to an internal address.',
  ];
}

export const reportVariables = {
  LOG_SAMPLE: wholeNumber({ min: 1, max: 1_000_000, unset: 1 }),
  METRICS_MAX_TENANTS: wholeNumber({ max: 10_000, unset: 200 }),
  METRICS_MAX_MODELS: wholeNumber({ max: 10_000, unset: 200 }),
};

/** How much is told of requests. */
export interface ReportSettings {
  /** Of requests that went well every so-manieth has a line in the log. */
  readonly logSample: number;
  /** How many tenants and models have series of their own. */
  readonly labelBounds: LabelBounds;
}

export function reportSettings(values: ValuesOf<typeof reportVariables>): ReportSettings {
  const labelBounds = { maxTenants: values.METRICS_MAX_TENANTS, maxModels: values.METRICS_MAX_MODELS };
  return { logSample: values.LOG_SAMPLE, labelBounds };
}

export const credentialVariables = {
  KEY_PEPPER: z
    .string({ error: 'is required: a secret of at least 32 characters, such as the output of `openssl rand -hex 32`' })
    .min(32, { error: 'must have at least 32 characters; `openssl rand -hex 32` makes one' })
    .transform((pepper) => new Secret(pepper)),
  KEY_PEPPER_PREVIOUS: secretList(),
  API_KEY_STALE_SECONDS: wholeNumber({ max: 86_400, unset: 60 }),
  TRUST_PROXY: textOr('').transform(readTrustedProxies),
};

/** How the credentials of requests are verified. */
export interface CredentialSettings {
  readonly keyPeppers: Peppers;
  /** How long a verified API key goes on working while Redis is away. */
  readonly apiKeyStaleMs: number;
  /** Proxies that say truly from where a request came. */
  readonly trustedProxies: readonly AddressRange[];
}

export function credentialSettings(values: ValuesOf<typeof credentialVariables>): CredentialSettings {
  return {
    keyPeppers: { current: values.KEY_PEPPER, previous: values.KEY_PEPPER_PREVIOUS ?? [] },
    apiKeyStaleMs: values.API_KEY_STALE_SECONDS * 1000,
    trustedProxies: values.TRUST_PROXY,
  };
}

export const limitVariables = {
  RATE_LIMIT_RPM: optionalText()
    .refine((value) => value === undefined || /^[1-9]\d{0,8}$/u.test(value), {
      error: 'must be a whole number of requests per minute, from 1; leave it out for no limit',
    })
    .transform((value) => (value === undefined ? undefined : Number(value))),
  SUPPORT_CONTACT: textOr('the operators of this gateway').superRefine((contact, context) => {
    const message = nameFault(contact);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  }),
  USAGE_RECORDS_MAX: wholeNumber({ min: 1000, max: 100_000_000, unset: 100_000 }),
};

/** What holds for a tenant that does not say it itself, and for all of them. */
export interface LimitSettings {
  readonly limits: readonly LimitRule[];
  /** Whom a developer asks who is stopped by a limit. */
  readonly supportContact: string;
  /** Most usage records that a tenant keeps. */
  readonly usageRecordsMax: number;
}

export function limitSettings(values: ValuesOf<typeof limitVariables>): LimitSettings {
  return {
    limits: limitRulesOf({ requestsPerMinute: values.RATE_LIMIT_RPM }),
    supportContact: values.SUPPORT_CONTACT,
    usageRecordsMax: values.USAGE_RECORDS_MAX,
  };
}

export const outboundVariables = {
  HTTPS_PROXY: optionalText()
    // Other programs take a bare host and port for an http proxy, and share the variable.
    .transform((value) => (value === undefined || value.includes('://') ? value : `http://${value}`))
    .refine((value) => value === undefined || isProxyUrl(value), {
      error: 'must be an http:// or https:// URL, such as http://proxy.example:3128',
    })
    .transform((value) => (value === undefined ? undefined : new Secret(value))),
  NO_PROXY: textOr(''),
  NODE_EXTRA_CA_CERTS: optionalText().transform(readCertificates),
};

/** How servers outside are reached: providers, and issuers of tokens. */
export interface OutboundSettings {
  readonly upstreamProxy: UpstreamProxy | undefined;
  /** PEM certificates that are trusted beside Node's. */
  readonly upstreamExtraRoots: string | undefined;
}

export function outboundSettings(values: ValuesOf<typeof outboundVariables>): OutboundSettings {
  const { HTTPS_PROXY: url, NO_PROXY: except, NODE_EXTRA_CA_CERTS: upstreamExtraRoots } = values;
  return { upstreamProxy: url === undefined ? undefined : { url, except }, upstreamExtraRoots };
}

/** The rule of a comma list of secrets. */
export function secretList() {
  return optionalText()
    .transform((value) => value?.split(',').map((secret) => secret.trim()))
    .refine((secrets) => secrets?.every((secret) => secret.length >= 32) ?? true, {
      error: 'must be a comma list of secrets with at least 32 characters each; `openssl rand -hex 32` makes one',
    })
    .transform((secrets) => secrets?.map((secret) => new Secret(secret)));
}

function textOr(unset: string) {
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
