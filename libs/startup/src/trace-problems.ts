import { accessSync, constants } from 'node:fs';
import type { Environment } from './environment.ts';

interface Taken {
  /** In lower case. */
  readonly allowed: readonly string[];
  /** Whether a value in capitals is another one. */
  readonly isExact?: true;
  readonly remedy: string;
}

const sampledByRatio = ['traceidratio', 'parentbased_traceidratio', 'parentbased_always_on'];
const notTold = 'Without traces leave OTEL_EXPORTER_OTLP_ENDPOINT unset.';
const fixed = 'It cannot be changed here.';

/** Variables of OpenTelemetry whose other values would send traces elsewhere, in another form or not at all, or do nothing. */
const others: Readonly<Record<string, Taken>> = {
  OTEL_SDK_DISABLED: { allowed: ['false'], remedy: notTold },
  OTEL_TRACES_EXPORTER: { allowed: ['otlp'], remedy: notTold },
  OTEL_TRACES_SAMPLER: { allowed: sampledByRatio, remedy: 'OTEL_TRACES_SAMPLER_ARG says which part is told, 0 none.' },
  ...both('PROTOCOL', {
    allowed: ['http/protobuf'],
    remedy: 'A collector takes it at its HTTP port, which is usually 4318.',
  }),
  ...both('COMPRESSION', { allowed: ['none', 'gzip'], isExact: true, remedy: 'Unset is none.' }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: notRead('Set OTEL_EXPORTER_OTLP_ENDPOINT to this URL without /v1/traces.'),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: notRead('Set OTEL_EXPORTER_OTLP_HEADERS: only traces are sent.'),
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: notRead('Set OTEL_EXPORTER_OTLP_TIMEOUT: only traces are sent.'),
  OTEL_BSP_SCHEDULE_DELAY: { allowed: ['5000'], remedy: fixed },
  OTEL_BSP_MAX_QUEUE_SIZE: { allowed: ['2048'], remedy: fixed },
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: { allowed: ['512'], remedy: fixed },
  OTEL_BSP_EXPORT_TIMEOUT: notRead('Set OTEL_EXPORTER_OTLP_TIMEOUT.'),
};

/** Files of the connection to the collector, which the exporter itself reads. It would go on without one that it cannot read. */
const files = ['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY'].flatMap((end) => namesOf(end));

function namesOf(end: string): readonly string[] {
  return [`OTEL_EXPORTER_OTLP_${end}`, `OTEL_EXPORTER_OTLP_TRACES_${end}`];
}

function both(end: string, taken: Taken): Readonly<Record<string, Taken>> {
  return Object.fromEntries(namesOf(end).map((name) => [name, taken]));
}

function notRead(remedy: string): Taken {
  return { allowed: [], remedy };
}

/** Values of the standard's variables that are not done here, and files that cannot be read, where traces are told. */
export function traceProblems(env: Environment, mayRead: (file: string) => boolean = mayReadFile): readonly string[] {
  const valueOf = (name: string) => (env[name] ?? '').trim();
  if (valueOf('OTEL_EXPORTER_OTLP_ENDPOINT') === '') return [];
  const refused = Object.entries(others).flatMap(([name, { allowed, isExact, remedy }]) => {
    const value = valueOf(name);
    if (value === '' || allowed.includes(isExact === true ? value : value.toLowerCase())) return [];
    const able = allowed.length === 0 ? 'is not read' : `must be ${allowed.join(' or ')}, or unset`;
    return [`${name}: ${able}. ${remedy}`];
  });
  const unreadable = files
    .filter((name) => valueOf(name) !== '' && !mayRead(valueOf(name)))
    .map((name) => `${name}: the file cannot be read. Name one in PEM format that this process may read.`);
  return [...refused, ...unreadable];
}

function mayReadFile(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
