import { catalogVariables, wholeNumber } from '@ccg/catalog';
import type { Audience, Catalog, IssuerSettings } from '@ccg/catalog';
import {
  batchProblems,
  batchSettings,
  batchVariables,
  catalogFileVariable,
  credentialSettings,
  credentialVariables,
  limitSettings,
  limitVariables,
  describeProblems,
  opsHostWarnings,
  outboundSettings,
  outboundVariables,
  portClash,
  problemsOf,
  processSettings,
  processVariables,
  reportSettings,
  reportVariables,
  traceProblems,
  traceSettings,
  traceVariables,
  readCatalog,
  proxyClash,
  servingSettings,
  servingVariables,
  storeProblems,
  storeSettings,
  storeVariables,
} from '@ccg/startup';
import type {
  BatchSettings,
  CredentialSettings,
  Environment,
  LimitSettings,
  ListenAddress,
  OutboundSettings,
  ProcessSettings,
  ReportSettings,
  ServingSettings,
  TraceSettings,
  StoreSettings,
} from '@ccg/startup';
import { z } from 'zod';

export interface GatewayConfig
  extends
    ProcessSettings,
    StoreSettings,
    CredentialSettings,
    LimitSettings,
    ReportSettings,
    TraceSettings,
    OutboundSettings,
    ServingSettings,
    BatchSettings {
  /** 0 lets the system choose. */
  readonly port: number;
  readonly catalog: Catalog;
  /** Whose tokens are taken. */
  readonly issuers: readonly IssuerSettings[];
  /** How long a stream's status is held back for the upstream's first event. */
  readonly streamHoldMs: number;
  readonly pingIntervalMs: number;
  /** How long a reader may take nothing before it is cut. */
  readonly stallTimeoutMs: number;
  /** How many bytes of request bodies are held at the same time. */
  readonly maxBodyBytesInFlight: number;
  /** How often providers are asked for their models; 0 never. */
  readonly modelListIntervalMs: number;
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

const serverSchema = z.object({
  ...processVariables,
  PORT: wholeNumber({ max: 65_535, unset: 4000 }),
  ...storeVariables,
  ...credentialVariables,
  ...limitVariables,
  STREAM_HOLD_MS: wholeNumber({ max: 60_000, unset: 8000 }),
  PING_INTERVAL_MS: wholeNumber({ min: 10, max: 120_000, unset: 10_000 }),
  STALL_TIMEOUT_MS: wholeNumber({ min: 10, max: 3_600_000, unset: 60_000 }),
  // One body of the largest size has room in any case.
  MAX_BODY_BYTES_IN_FLIGHT: wholeNumber({ min: 33_554_432, max: 1_099_511_627_776, unset: 536_870_912 }),
  MODEL_LIST_INTERVAL_MS: wholeNumber({ max: 86_400_000, unset: 3_600_000 }),
  ...outboundVariables,
  ...reportVariables,
  ...traceVariables,
  ...servingVariables,
  ...batchVariables,
});

/** The names of all variables that the gateway reads. */
export const gatewayVariables: readonly string[] = [
  'ENV_FILE',
  catalogFileVariable,
  ...Object.keys(serverSchema.shape),
  ...catalogVariables,
];

/** Reads the whole configuration, and names every faulty variable in one message. */
export function parseConfig(env: Environment, audience: Audience = 'organisation'): ParsedConfig {
  const server = serverSchema.safeParse(env);
  const catalog = readCatalog(env, audience);
  const clash = [
    ...storeProblems(env),
    ...batchProblems(env),
    ...traceProblems(env),
    ...clashes(env, new Set(server.error?.issues.map(({ path: [name] }) => name))),
  ];
  if (!server.success || clash.length > 0 || catalog.kind === 'faulty') {
    const problems = [...problemsOf(server.error), ...clash, ...(catalog.kind === 'faulty' ? catalog.problems : [])];
    return { kind: 'faulty', problems, message: describeProblems(problems) };
  }
  const config = Object.freeze(toConfig(server.data, catalog));
  const { warnings, notices } = catalog;
  return { kind: 'valid', config, warnings, listenWarnings: opsHostWarnings(server.data), notices };
}

/** What is wrong with variables together, among those that are right each. */
function clashes(env: Environment, faulty: ReadonlySet<PropertyKey | undefined>): readonly string[] {
  const isRight = (...names: readonly string[]) => names.every((name) => !faulty.has(name));
  // The one that is required plays no part.
  const required = { KEY_PEPPER: 'x'.repeat(32) };
  const others = Object.fromEntries(Object.entries(env).filter(([name]) => isRight(name)));
  const { data } = serverSchema.safeParse({ ...others, ...required });
  if (data === undefined) return [];
  return [
    ...(isRight('HOST', 'PORT', 'OPS_HOST', 'OPS_PORT') ? portClash(data, 'PORT', data.PORT) : []),
    ...(isRight('FETCH_IMAGE_URLS', 'HTTPS_PROXY') ? proxyClash(data) : []),
  ];
}

function toConfig(
  server: z.infer<typeof serverSchema>,
  { catalog, issuers }: Pick<GatewayConfig, 'catalog' | 'issuers'>,
): GatewayConfig {
  const credentials = credentialSettings(server);
  return {
    ...processSettings(server),
    port: server.PORT,
    ...storeSettings(server),
    ...credentials,
    ...servingSettings(server, credentials.keyPeppers),
    catalog,
    issuers,
    ...limitSettings(server),
    streamHoldMs: server.STREAM_HOLD_MS,
    pingIntervalMs: server.PING_INTERVAL_MS,
    stallTimeoutMs: server.STALL_TIMEOUT_MS,
    maxBodyBytesInFlight: server.MAX_BODY_BYTES_IN_FLIGHT,
    modelListIntervalMs: server.MODEL_LIST_INTERVAL_MS,
    ...outboundSettings(server),
    ...reportSettings(server),
    ...traceSettings(server, 'claude-code-gateway'),
    ...batchSettings(server),
  };
}

/** Where the gateway listens, and the variables that say so. */
export function listenAddresses({
  host,
  port,
  opsHost,
  opsPort,
}: GatewayConfig): readonly [ListenAddress, ListenAddress] {
  const process = 'The gateway';
  return [
    { process, host, port, hostVariable: 'HOST', portVariable: 'PORT' },
    { process, host: opsHost, port: opsPort, hostVariable: 'OPS_HOST', portVariable: 'OPS_PORT' },
  ];
}
