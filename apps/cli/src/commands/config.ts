import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../cli.ts';

/** Adds `ccg config check`. */
export function addConfig(program: Command, cli: Cli): void {
  program
    .command('config')
    .description('files of the gateway')
    .command('check')
    .description(
      'say what a gateway.yaml gives in this environment and its .env, or all that is wrong with it; calls nobody',
    )
    .argument('<file>')
    .action(async (file: string) => {
      await checkFile(cli, file);
    });
}

async function checkFile({ env, terminal, workingDirectory, setExitCode }: Cli, file: string): Promise<void> {
  // Loaded here: it brings most of the gateway, which other commands need not wait for.
  const { checkConfig, readEnvironment, StartError } = await import('@ccg/startup');
  try {
    const repository = fileURLToPath(new URL('../../../../', import.meta.url));
    const { variables, notices } = readEnvironment({ env, workingDirectory, repository, knownNames: [] });
    for (const notice of notices) terminal.err(`${notice}\n`);
    const { exitCode, text } = checkConfig(file, variables);
    terminal[exitCode === 0 ? 'out' : 'err'](`${text}\n`);
    setExitCode(exitCode);
  } catch (thrown) {
    throw thrown instanceof StartError ? new CliError('usage', thrown.message) : thrown;
  }
}
