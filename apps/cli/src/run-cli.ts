import { CommanderError } from 'commander';
import { CliError, exitCodes, reasonOf } from './cli-error.ts';
import type { ExitCode } from './cli-error.ts';
import type { Cli } from './cli.ts';
import { createProgram } from './program.ts';
import { refuseCredentials } from './refuse-credentials.ts';

/** Runs one command line and gives its exit code. */
export async function runCli(outer: Omit<Cli, 'setExitCode'>, args: readonly string[]): Promise<number> {
  let exitCode: number = exitCodes.done;
  const cli: Cli = {
    ...outer,
    setExitCode(code) {
      exitCode = code;
    },
  };
  try {
    refuseCredentials(args, cli.env);
    await createProgram(cli).parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    return report(cli, thrown);
  }
}

function report({ terminal }: Cli, thrown: unknown): ExitCode {
  if (thrown instanceof CommanderError) {
    // Commander has printed its help, or what is wrong with the command line.
    return thrown.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
  if (thrown instanceof CliError) {
    terminal.err([thrown.message, ...thrown.details.map((line) => `  ${line}`)].join('\n') + '\n');
    return exitCodes[thrown.kind];
  }
  terminal.err(`This is a fault of ccg: ${thrown instanceof Error ? (thrown.stack ?? '') : reasonOf(thrown)}\n`);
  return exitCodes.refused;
}
