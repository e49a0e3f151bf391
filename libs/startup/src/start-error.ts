import type { ZodError } from 'zod';

/** A start that cannot go on for a reason that its reader can mend: the message says how, and no stack is shown. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** What is wrong with the variables, in one message. */
export function describeProblems(problems: readonly string[]): string {
  return ['The configuration is not usable:', ...problems].join('\n  ');
}

/** What is wrong with each variable, a line for each. Values are left out: a mistyped variable may hold a secret. */
export function problemsOf(error: ZodError | undefined): string[] {
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

/** What whoever started the process reads. Anything but a StartError is a fault of ours, and shows where. */
export function describeStartFailure(thrown: unknown): string {
  if (thrown instanceof StartError) return thrown.message;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

/** The message of whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** An address that a process listens on, and the variables that set it. */
export interface ListenAddress {
  /** Which process listens, as its error message begins: "The gateway". */
  readonly process: string;
  readonly host: string;
  readonly port: number;
  readonly hostVariable: string;
  readonly portVariable: string;
}

/**
 * Turns the system's error about an address that cannot be listened on into a StartError; throws others as they are. The
 * first address is the one of a fault that names none.
 */
export function explainListenError(thrown: unknown, addresses: readonly [ListenAddress, ...ListenAddress[]]): never {
  if (!(thrown instanceof Error && 'code' in thrown)) throw thrown;
  const { process, host, port, hostVariable, portVariable } = addressOf(thrown, addresses);
  switch (thrown.code) {
    case 'EADDRINUSE':
      throw new StartError(
        `${process} cannot listen on port ${port} of ${host}: another process uses it (EADDRINUSE). ` +
          `Stop that process, or set ${portVariable} to a free port.`,
      );
    case 'EACCES':
      throw new StartError(
        `${process} may not listen on port ${port} of ${host} (EACCES). Set ${portVariable} to a port above 1023.`,
      );
    case 'EADDRNOTAVAIL':
      throw new StartError(
        `${process} cannot listen on ${host}: it is not an address of this machine (EADDRNOTAVAIL). ` +
          `Set ${hostVariable} to one, such as 127.0.0.1, or to 0.0.0.0 for all.`,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      throw new StartError(
        `${process} cannot listen on ${host}: no address is known for that name (${thrown.code}). ` +
          `Set ${hostVariable} to an address of this machine, such as 127.0.0.1.`,
      );
    default:
      throw thrown;
  }
}

/** An error of a look-up names the host, one of a socket names the port. */
function addressOf(thrown: Error, addresses: readonly [ListenAddress, ...ListenAddress[]]): ListenAddress {
  const [first] = addresses;
  if ('hostname' in thrown) return addresses.find(({ host }) => host === thrown.hostname) ?? first;
  return ('port' in thrown ? addresses.find(({ port }) => port === thrown.port) : undefined) ?? first;
}
