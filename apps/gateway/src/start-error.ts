/** A start that cannot go on for a reason that its reader can mend: the message says how, and no stack is shown. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** What is wrong with the variables, in one message. */
export function describeProblems(problems: readonly string[]): string {
  return ['The configuration is not usable:', ...problems].join('\n  ');
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

interface Addresses {
  readonly host: string;
  readonly port: number;
  readonly opsHost: string;
  readonly opsPort: number;
}

/** Turns the system's error about an address that cannot be listened on into a StartError; throws others as they are. */
export function explainListenError(thrown: unknown, addresses: Addresses): never {
  if (!(thrown instanceof Error && 'code' in thrown)) throw thrown;
  const isOps = addresses.port !== addresses.opsPort && 'port' in thrown && thrown.port === addresses.opsPort;
  const [hostName, portName] = isOps ? ['OPS_HOST', 'OPS_PORT'] : ['HOST', 'PORT'];
  const host = isOps ? addresses.opsHost : addresses.host;
  const port = isOps ? addresses.opsPort : addresses.port;
  switch (thrown.code) {
    case 'EADDRINUSE':
      throw new StartError(
        `The gateway cannot listen on port ${port} of ${host}: another process uses it (EADDRINUSE). ` +
          `Stop that process, or set ${portName} to a free port.`,
      );
    case 'EACCES':
      throw new StartError(
        `The gateway may not listen on port ${port} of ${host} (EACCES). Set ${portName} to a port above 1023.`,
      );
    case 'EADDRNOTAVAIL':
      throw new StartError(
        `The gateway cannot listen on ${host}: it is not an address of this machine (EADDRNOTAVAIL). ` +
          `Set ${hostName} to one, such as 127.0.0.1, or to 0.0.0.0 for all.`,
      );
    case 'ENOTFOUND':
    case 'EAI_AGAIN': {
      const name = 'hostname' in thrown ? String(thrown.hostname) : host;
      throw new StartError(
        `The gateway cannot listen on ${name}: no address is known for that name (${thrown.code}). ` +
          `Set ${name === addresses.host ? 'HOST' : 'OPS_HOST'} to an address of this machine, such as 127.0.0.1.`,
      );
    }
    default:
      throw thrown;
  }
}
