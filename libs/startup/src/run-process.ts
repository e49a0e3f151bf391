import { fileURLToPath } from 'node:url';
import { onStopSignal, runUntilSignal } from '@ccg/edge';
import { readEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';
import { describeStartFailure } from './start-error.ts';

export interface ProcessOptions {
  readonly env: Environment;
  /** The variables that it reads: a `.env` file may hold others, of which a notice tells. */
  readonly knownNames: readonly string[];
  /** Starts what runs until a signal. It throws StartError for what its operator can mend. */
  start(variables: Environment, say: (line: string) => void): Promise<{ drain(): Promise<void> }>;
}

// Our timers are unref'd; this handle keeps the process alive until process.exit.
const foreverMs = 2 ** 30;

/** Runs a server as a process: reads its variables, starts it, drains it at a signal, and exits 1 with a sentence if it cannot start. */
export async function runProcess({ env, knownNames, start }: ProcessOptions): Promise<void> {
  setInterval(() => {}, foreverMs);
  const throughNpm = env['npm_lifecycle_event'] !== undefined;
  // A start may wait for Redis, and a process with the id 1 is not ended by a signal that it does not listen to.
  const stopListening = onStopSignal({ throughNpm }, () => process.exit(1));
  try {
    const { variables, notices } = readEnvironment({
      env,
      workingDirectory: process.cwd(),
      repository: fileURLToPath(new URL('../../../', import.meta.url)),
      knownNames,
    });
    for (const notice of notices) say(notice);
    const running = await start(variables, say);
    // In this order: a signal that arrives while nobody listens would end the process without draining.
    runUntilSignal(running, { throughNpm });
    stopListening();
  } catch (thrown) {
    say(describeStartFailure(thrown));
    process.exit(1);
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
