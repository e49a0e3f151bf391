import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';

export type Logger = PinoLogger;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * One JSON object per line. Secrets print as `[secret]` by their own doing; the paths here are the net below,
 * for a header or body that somebody logs one day.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
      redact: { paths: ['headers', 'body', '*.headers', '*.body', 'apiKey', '*.apiKey', 'credential', '*.credential'] },
    },
    destination ?? pino.destination({ dest: 1, sync: true }),
  );
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
