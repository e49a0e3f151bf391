/** How a command ended: scripts read nothing else. */
export const exitCodes = {
  done: 0,
  /** The request was understood and refused, or what was examined has a fault. */
  refused: 1,
  /** The command line or the environment is wrong. */
  usage: 2,
  /** `apply --dry-run` found differences. */
  drift: 2,
  /** The server, or what it needs, does not answer: the same command may work later. */
  unreachable: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export type FailureKind = 'refused' | 'usage' | 'unreachable';

/** Ends a command. The message says what is wrong and what to do next; no credential is ever in it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly kind: FailureKind;
  /** Printed below the message, one line each. */
  readonly details: readonly string[];

  /** Of the answer that refused. */
  readonly status: number | undefined;

  constructor(kind: FailureKind, message: string, details: readonly string[] = [], status?: number) {
    super(message);
    this.kind = kind;
    this.details = details;
    this.status = status;
  }
}

/** The message of whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The code of a system error, such as `ENOENT`. */
export function systemCodeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}
