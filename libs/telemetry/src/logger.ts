import { visibleText } from '@ccg/kernel';
import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';

/** Writes structured lines; the object of a line comes first, its message second. */
export type Logger = PinoLogger;

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * Creates a logger that writes one JSON object per line. A `Secret` prints as `[secret]`; `redact` is a safety net for
 * headers and bodies that are logged by mistake.
 */
export function createLogger(level: LogLevel, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: createTimestamp(),
      formatters: { level: (label) => ({ level: label }), log: redact },
      serializers: { err: describeError },
    },
    destination,
  );
}

/** The member of a line that tells the time. A busy process writes several lines in one millisecond, and formatting a date is dear. */
function createTimestamp(): () => string {
  let lastMs = 0;
  let member = '';
  return () => {
    const now = Date.now();
    if (now !== lastMs) {
      lastMs = now;
      member = `,"time":"${new Date(now).toISOString()}"`;
    }
    return member;
  };
}

type Fields = Record<string, unknown>;

const hiddenFields = ['headers', 'body', 'apiKey', 'credential'] as const;

/** Hides those fields at the top of a line and one level below. pino's own `redact` takes longer than the routing of a request. */
function redact(line: Fields): Fields {
  // Most lines have nothing to hide, and every request has a line.
  if (!hasHidden(line) && !Object.values(line).some((value) => isObject(value) && hasHidden(value))) return line;
  let safe = withoutHidden(line);
  for (const name of Object.keys(line)) {
    const value = safe[name];
    // A copy would no longer be an Error, and the serializer of errors would not recognise it.
    if (!isObject(value) || value instanceof Error) continue;
    const safeValue = withoutHidden(value);
    if (safeValue === value) continue;
    if (safe === line) safe = { ...line };
    safe[name] = safeValue;
  }
  return safe;
}

/** Returns the object itself if there is nothing to hide. */
function withoutHidden<Value extends object>(value: Value): Value {
  if (!hasHidden(value)) return value;
  const found = hiddenFields.filter((name) => name in value);
  return { ...value, ...Object.fromEntries(found.map((name) => [name, '[redacted]'])) };
}

function hasHidden(value: object): boolean {
  return 'headers' in value || 'body' in value || 'apiKey' in value || 'credential' in value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

interface ErrorDescription {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause?: ErrorDescription;
}

/** Describes an error without the properties that libraries add to it: some hold the request, and so its headers. */
function describeError(error: unknown): ErrorDescription | string {
  if (!(error instanceof Error)) return typeof error;
  const { name, message, stack, cause } = error;
  return cause instanceof Error ? { name, message, stack, cause: describeCause(cause) } : { name, message, stack };
}

function describeCause(cause: Error): ErrorDescription {
  return { name: cause.name, message: cause.message, stack: undefined };
}

const textMaxLength = 256;

/**
 * A text of a client for the log: cut, with characters that move the cursor of a terminal or hide what stands there written as
 * `\u001b`, and a backslash doubled. So different texts stay different, and can be searched for.
 */
export function logText(text: string): string {
  return visibleText(text, textMaxLength);
}
