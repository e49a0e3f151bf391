import { runAppToExit, startApp } from './app-process.ts';
import type { AppProcess } from './app-process.ts';
import type { ProcessExit } from './start-process.ts';

/** The gateway as its operator has it. */
export interface GatewayProcess extends AppProcess {
  /** Base URL of the data plane, without a slash at the end. */
  readonly url: string;
}

type Environment = Readonly<Record<string, string>>;

/**
 * Starts `apps/gateway` as a process with nothing but the given environment, in an empty folder, on ports that the
 * system chooses; resolves when `/readyz` answers 200. Throws with the output when the process ends before that.
 */
export async function startGateway(env: Environment): Promise<GatewayProcess> {
  const { app, greeting } = await startApp({ app: 'gateway', env: withPorts(env), greeting: 'listening' });
  return { ...app, url: String(greeting['url']) };
}

/** Runs a gateway that is expected to refuse its configuration; gives how it ended and everything it wrote. */
export async function runGatewayToExit(
  env: Environment,
): Promise<{ readonly exit: ProcessExit; readonly output: string }> {
  return runAppToExit({ app: 'gateway', env: withPorts(env) });
}

function withPorts(env: Environment): Environment {
  // A scripted upstream must see what the tests send, and nothing between.
  return { HOST: '127.0.0.1', PORT: '0', OPS_PORT: '0', MODEL_LIST_INTERVAL_MS: '0', ...env };
}
