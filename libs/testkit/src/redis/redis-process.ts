import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from '../start-process.ts';
import type { StartedProcess } from '../start-process.ts';

/** A Redis of its own for a test that hurts it. Nothing is kept: a restart comes back empty. */
export interface RedisProcess {
  /** `redis://127.0.0.1:<port>`, with the password where there is one. */
  readonly url: string;
  readonly port: number;
  /** The unix socket of the same server. */
  readonly socketPath: string;
  /** SIGSTOP: connections stay open and nothing is answered. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port and socket after `kill`. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

export interface RedisProcessOptions {
  /** The server's binary. */
  readonly binary: string;
  readonly password?: string;
  /** More of its command line, such as `['--maxmemory', '1mb']`; what concerns its port is made from that. */
  readonly extraArgs?: readonly string[] | ((port: number) => readonly string[]);
}

/** Starts a server on 127.0.0.1 and a unix socket, without persistence; resolves when it takes connections. */
export async function startRedisProcess(options: RedisProcessOptions): Promise<RedisProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'ccg-redis-'));
  const socketPath = join(folder, 'redis.sock');
  const start = {
    binary: options.binary,
    folder,
    argsFor: (at: number) => serverArguments(options, folder, socketPath, at),
    ready: /ready to accept connections/iu,
  };
  const { port, process: first } = await startOnFreePort(start);
  let running = first;

  async function kill(): Promise<void> {
    running.killGroup();
    await running.exited;
  }

  return {
    url: `redis://${options.password === undefined ? '' : `:${options.password}@`}127.0.0.1:${port}`,
    port,
    socketPath,
    freeze() {
      running.signal('SIGSTOP');
    },
    thaw() {
      running.signal('SIGCONT');
    },
    kill,
    async start() {
      running = await startOnPort(start, port);
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** How a server is started on a port. */
export interface ServerStart {
  readonly binary: string;
  readonly folder: string;
  readonly argsFor: (port: number) => readonly string[];
  /** In a line of its output when it takes connections. */
  readonly ready: RegExp;
}

/**
 * A port may be taken, so a few are tried. They are below those that the system gives away by itself (32768 and more):
 * none of the many servers of the tests gets the port of a Redis that is down.
 */
export async function startOnFreePort(start: ServerStart): Promise<{ port: number; process: StartedProcess }> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const port = randomInt(20_000, 32_000);
    const started = await tryStart(start, port);
    if (started !== undefined) return { port, process: started };
  }
  throw new Error(`${start.binary} found no free port in five attempts.`);
}

/** Starts a server again on the port that it had. */
export async function startOnPort(start: ServerStart, port: number): Promise<StartedProcess> {
  const again = await tryStart(start, port);
  if (again === undefined) throw new Error(`Port ${port} was taken while ${start.binary} was down.`);
  return again;
}

/** Gives undefined when the port was taken; throws with the server's output when it fails otherwise. */
async function tryStart(
  { binary, folder, argsFor, ready }: ServerStart,
  port: number,
): Promise<StartedProcess | undefined> {
  const child = startProcess({ command: binary, args: argsFor(port), cwd: folder, env: {} });
  const isReady = new Promise<'ready'>((resolve) => {
    child.onStdoutLine((line) => {
      if (ready.test(line)) resolve('ready');
    });
  });
  const outcome = await Promise.race([isReady, child.exited]);
  if (outcome === 'ready') return child;
  if (/address already in use/iu.test(child.stdout())) return undefined;
  throw new Error(`${binary} did not start:\n${child.stdout()}${child.stderr()}`);
}

function serverArguments(options: RedisProcessOptions, folder: string, socketPath: string, port: number): string[] {
  const settings: Record<string, string> = {
    bind: '127.0.0.1',
    port: String(port),
    unixsocket: socketPath,
    dir: folder,
    save: '',
    appendonly: 'no',
    ...(options.password === undefined ? {} : { requirepass: options.password }),
  };
  const { extraArgs = [] } = options;
  const extra = typeof extraArgs === 'function' ? extraArgs(port) : extraArgs;
  return [...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]), ...extra];
}
