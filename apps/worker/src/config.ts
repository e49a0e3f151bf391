import { catalogVariables, wholeNumber } from '@ccg/catalog';
import type { Audience, Catalog } from '@ccg/catalog';
import {
  batchProblems,
  batchSettings,
  batchVariables,
  catalogFileVariable,
  credentialSettings,
  credentialVariables,
  describeProblems,
  limitSettings,
  limitVariables,
  opsHostWarnings,
  outboundSettings,
  outboundVariables,
  problemsOf,
  processSettings,
  processVariables,
  proxyClash,
  readCatalog,
  reportSettings,
  reportVariables,
  servingSettings,
  servingVariables,
  storeProblems,
  storeSettings,
  storeVariables,
  traceProblems,
  traceSettings,
  traceVariables,
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
  StoreSettings,
  TraceSettings,
} from '@ccg/startup';
import { z } from 'zod';

export interface WorkerConfig
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
  readonly catalog: Catalog;
  /** How many items run at the same time. */
  readonly slots: number;
}

export type ParsedWorkerConfig =
  /** Warnings name a variable and the remedy, one line each. Those of the listener are true once it listens. */
  | {
      readonly kind: 'valid';
      readonly config: WorkerConfig;
      readonly warnings: readonly string[];
      readonly listenWarnings: readonly string[];
      readonly notices: readonly string[];
    }
  | { readonly kind: 'faulty'; readonly problems: readonly string[]; readonly message: string };

const workerSchema = z.object({
  ...processVariables,
  // An item that is handed back runs elsewhere, so there is less to wait for than at the gateway.
  DRAIN_TIMEOUT_MS: wholeNumber({ max: 86_400_000, unset: 100_000 }),
  ...storeVariables,
  ...credentialVariables,
  ...limitVariables,
  ...outboundVariables,
  ...reportVariables,
  ...traceVariables,
  ...servingVariables,
  ...batchVariables,
  WORKER_SLOTS: wholeNumber({ min: 1, max: 1000, unset: 16 }),
});

/** The names of all variables that the worker reads. */
export const workerVariables: readonly string[] = [
  'ENV_FILE',
  catalogFileVariable,
  ...Object.keys(workerSchema.shape),
  ...catalogVariables,
];

/** Reads the whole configuration, and names every faulty variable in one message. */
export function parseWorkerConfig(env: Environment, audience: Audience = 'organisation'): ParsedWorkerConfig {
  const parsed = workerSchema.safeParse(env);
  const catalog = readCatalog(env, audience);
  const clashes = [
    ...storeProblems(env),
    ...batchProblems(env),
    ...traceProblems(env),
    ...(parsed.success ? proxyClash(parsed.data) : []),
  ];
  if (!parsed.success || clashes.length > 0 || catalog.kind === 'faulty') {
    const ofCatalog = catalog.kind === 'faulty' ? catalog.problems : [];
    const problems = [...problemsOf(parsed.error), ...clashes, ...ofCatalog];
    return { kind: 'faulty', problems, message: describeProblems(problems) };
  }
  const { data } = parsed;
  const credentials = credentialSettings(data);
  const config: WorkerConfig = Object.freeze({
    ...processSettings(data),
    ...storeSettings(data),
    ...credentials,
    ...limitSettings(data),
    ...outboundSettings(data),
    ...reportSettings(data),
    ...traceSettings(data, 'claude-code-gateway-worker'),
    ...servingSettings(data, credentials.keyPeppers),
    ...batchSettings(data),
    catalog: catalog.catalog,
    slots: data.WORKER_SLOTS,
  });
  const { warnings, notices } = catalog;
  return { kind: 'valid', config, warnings, listenWarnings: opsHostWarnings(data), notices };
}

/** Where the worker listens, and the variables that say so. */
export function workerAddresses({ opsHost, opsPort }: WorkerConfig): readonly [ListenAddress] {
  return [{ process: 'The worker', host: opsHost, port: opsPort, hostVariable: 'OPS_HOST', portVariable: 'OPS_PORT' }];
}
