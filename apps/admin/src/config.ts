import { optionalText, wholeNumber } from '@ccg/catalog';
import type { IssuerSettings } from '@ccg/catalog';
import {
  catalogFileVariable,
  credentialSettings,
  credentialVariables,
  describeProblems,
  limitSettings,
  limitVariables,
  opsHostWarnings,
  outboundSettings,
  outboundVariables,
  portClash,
  problemsOf,
  processSettings,
  processVariables,
  readDirectory,
  storeProblems,
  storeSettings,
  storeVariables,
} from '@ccg/startup';
import type {
  CredentialSettings,
  Environment,
  LimitSettings,
  ListenAddress,
  OutboundSettings,
  ProcessSettings,
  StoreSettings,
} from '@ccg/startup';
import { z } from 'zod';
import type { LoadDirectory } from './apply-file.ts';
import { readOperatorToken } from './operator-token.ts';

export interface AdminConfig
  extends ProcessSettings, StoreSettings, CredentialSettings, LimitSettings, OutboundSettings {
  /** 0 lets the system choose. */
  readonly port: number;
  /** It was fit to be used when the configuration was read. */
  readonly operatorTokenFile: string;
  /** Whose tokens are taken. */
  readonly issuers: readonly IssuerSettings[];
  /** How long usage is kept. */
  readonly usage: { readonly recordDays: number; readonly rollUpDays: number };
  /** Reads `gateway.yaml` anew; it was right when the configuration was read. */
  readonly loadDirectory: LoadDirectory;
}

export type ParsedAdminConfig =
  /** Warnings name a variable and the remedy, one line each. Those of the listeners are true once they listen. */
  | {
      readonly kind: 'valid';
      readonly config: AdminConfig;
      readonly warnings: readonly string[];
      readonly listenWarnings: readonly string[];
    }
  | { readonly kind: 'faulty'; readonly problems: readonly string[]; readonly message: string };

const adminSchema = z.object({
  ...processVariables,
  ADMIN_PORT: wholeNumber({ max: 65_535, unset: 4001 }),
  ADMIN_TOKEN_FILE: optionalText().refine((path) => path !== undefined, {
    error:
      'is required: the path of a file with the token of the operators. ' +
      'Make one with: (umask 077; openssl rand -hex 32 > admin-token)',
  }),
  ...storeVariables,
  ...credentialVariables,
  ...limitVariables,
  USAGE_RECORD_DAYS: wholeNumber({ min: 1, max: 3650, unset: 30 }),
  USAGE_ROLLUP_DAYS: wholeNumber({ min: 1, max: 3650, unset: 400 }),
  ...outboundVariables,
});

/** The names of all variables that the admin API reads. */
export const adminVariables: readonly string[] = ['ENV_FILE', catalogFileVariable, ...Object.keys(adminSchema.shape)];

/** Reads the whole configuration, and names every faulty variable in one message. */
export function parseAdminConfig(env: Environment): ParsedAdminConfig {
  const parsed = adminSchema.safeParse(env);
  const tokenFile = env['ADMIN_TOKEN_FILE']?.trim() ?? '';
  const token = tokenFile === '' ? undefined : readOperatorToken(tokenFile);
  const clash = [
    ...storeProblems(env),
    ...(parsed.success ? portClash(parsed.data, 'ADMIN_PORT', parsed.data.ADMIN_PORT) : []),
  ];
  const file = readDirectory(env);
  if (!parsed.success || clash.length > 0 || token?.kind === 'faulty' || file.kind === 'faulty') {
    const tokenProblems = token?.kind === 'faulty' ? [`ADMIN_TOKEN_FILE: ${token.problem}`] : [];
    const fileProblems = file.kind === 'faulty' ? file.problems : [];
    const problems = [...problemsOf(parsed.error), ...tokenProblems, ...clash, ...fileProblems];
    return { kind: 'faulty', problems, message: describeProblems(problems) };
  }
  const { data } = parsed;
  const config: AdminConfig = Object.freeze({
    ...processSettings(data),
    port: data.ADMIN_PORT,
    operatorTokenFile: tokenFile,
    ...storeSettings(data),
    ...credentialSettings(data),
    ...limitSettings(data),
    issuers: file.issuers,
    usage: { recordDays: data.USAGE_RECORD_DAYS, rollUpDays: data.USAGE_ROLLUP_DAYS },
    loadDirectory: () => readDirectory(env),
    ...outboundSettings(data),
  });
  const warnings = token?.isOpen === true ? [openTokenWarning(tokenFile)] : [];
  return { kind: 'valid', config, warnings, listenWarnings: opsHostWarnings(data) };
}

/** What is wrong with the variables, for a start that makes the token itself where no file is named. */
export function adminProblems(env: Environment): readonly string[] {
  const named = env['ADMIN_TOKEN_FILE']?.trim() ?? '';
  const parsed = parseAdminConfig(env);
  if (parsed.kind === 'valid') return [];
  return named === '' ? parsed.problems.filter((problem) => !problem.startsWith('ADMIN_TOKEN_FILE:')) : parsed.problems;
}

/** No reason to refuse a start: secrets that Docker and Kubernetes mount are readable for everybody in their container. */
function openTokenWarning(path: string): string {
  return `ADMIN_TOKEN_FILE: every user of this machine can read ${path}. If others use it, run: chmod 600 ${path}`;
}

/** Where the admin API listens, and the variables that say so. */
export function adminAddresses({ host, port, opsHost, opsPort }: AdminConfig): readonly [ListenAddress, ListenAddress] {
  const process = 'The admin API';
  return [
    { process, host, port, hostVariable: 'HOST', portVariable: 'ADMIN_PORT' },
    { process, host: opsHost, port: opsPort, hostVariable: 'OPS_HOST', portVariable: 'OPS_PORT' },
  ];
}
