import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * One JSON object per line. Secrets print as `[secret]` by their own doing; `redact` is the net below, for a header or
 * body that somebody logs one day.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: redact },
      serializers: { err: describeError },
    },
    destination ?? createTurnWriter(pino.destination({ dest: 1, sync: true })),
  );
}

type Fields = Record<string, unknown>;

const hiddenFields = ['headers', 'body', 'apiKey', 'credential'] as const;

/** Hides those fields at the top of a line and one level below. pino's own `redact` costs a request more than its routing. */
function redact(line: Fields): Fields {
  let safe = withoutHidden(line);
  for (const name of Object.keys(line)) {
    const value = safe[name];
    // Errors have a serializer, which knows them by their class.
    if (typeof value !== 'object' || value === null || value instanceof Error) continue;
    const safeValue = withoutHidden(value);
    if (safeValue === value) continue;
    if (safe === line) safe = { ...line };
    safe[name] = safeValue;
  }
  return safe;
}

/** The object itself where there is nothing to hide. */
function withoutHidden<Value extends object>(value: Value): Value {
  if (!hiddenFields.some((name) => name in value)) return value;
  const found = hiddenFields.filter((name) => name in value);
  return { ...value, ...Object.fromEntries(found.map((name) => [name, '[redacted]'])) };
}

/** Writes the lines of one turn of the event loop together, and what is left when the process exits. */
function createTurnWriter(destination: DestinationStream): DestinationStream {
  let lines = '';
  const flush = () => {
    const taken = lines;
    lines = '';
    if (taken !== '') destination.write(taken);
  };
  process.on('exit', flush);
  return {
    write(line) {
      if (lines === '') setImmediate(flush);
      lines += line;
    },
  };
}

interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause?: ErrorDescription;
}

/** Names an error without the properties that libraries hang on it: some hold the request, and so its headers. */
function describeError(error: unknown): ErrorDescription | string {
  if (!(error instanceof Error)) return typeof error;
  const { name, message, stack, cause } = error;
  return cause instanceof Error ? { name, message, stack, cause: describeCause(cause) } : { name, message, stack };
}

function describeCause(cause: Error): ErrorDescription {
  return { name: cause.name, message: cause.message, stack: undefined };
}
