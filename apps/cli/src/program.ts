import { Argument, Command } from 'commander';
import manifest from '../package.json' with { type: 'json' };
import type { Cli } from './cli.ts';
import { addAdministration } from './commands/administration.ts';
import { addAudit } from './commands/audit.ts';
import { addBatches } from './commands/batches.ts';
import { addConfig } from './commands/config.ts';
import { addGateway } from './commands/gateway.ts';
import { addKeys } from './commands/keys.ts';
import { addLimits } from './commands/limits.ts';
import { addPolicies } from './commands/policies.ts';
import { addSessions } from './commands/sessions.ts';
import { addSetup } from './commands/setup.ts';
import { addTenants } from './commands/tenants.ts';
import { addUsage } from './commands/usage.ts';
import { addUsers } from './commands/users.ts';
import { addLimitsReport, addWhy } from './commands/why.ts';
import { describeTree } from './completion/describe-tree.ts';
import { completionScript, shells } from './completion/scripts.ts';
import type { Shell } from './completion/scripts.ts';

const help = `
Environment:
  CCG_TOKEN, CCG_TOKEN_FILE  the credential, or the file that holds it; never an argument
  CCG_ADMIN_URL              the admin API; http://127.0.0.1:4001 unless set
  CCG_URL                    the gateway; ANTHROPIC_BASE_URL or http://127.0.0.1:4000 unless set

Exit codes: 0 done, 1 refused, 2 usage or differences found, 3 not reachable`;

/** All commands of ccg. Throws CommanderError for a wrong command line, and CliError for what a command meets. */
export function createProgram(cli: Cli): Command {
  const program = new Command('ccg')
    .description('Administer the Claude Code Gateway, and set Claude Code up for it.')
    .version(manifest.version)
    .addHelpText('after', help)
    .helpCommand(false)
    // Inherited by the commands below, so it must come first.
    .exitOverride()
    .configureOutput({ writeOut: (text) => cli.terminal.out(text), writeErr: (text) => cli.terminal.err(text) });
  addTenants(program, cli);
  addUsers(program, cli);
  addPolicies(program, cli);
  addLimitsReport(addLimits(program, cli), cli);
  addSessions(program, cli);
  addBatches(program, cli);
  addUsage(program, cli);
  addWhy(program, cli);
  addKeys(program, cli);
  addAdministration(program, cli);
  addAudit(program, cli);
  addConfig(program, cli);
  addGateway(program, cli);
  addSetup(program, cli);
  program
    .command('completion')
    .description('print the script that teaches a shell to complete ccg')
    .addArgument(new Argument('<shell>').choices(shells))
    .action((shell: Shell) => {
      cli.terminal.out(completionScript(shell, describeTree(program)));
    });
  for (const group of program.commands) group.helpCommand(false);
  return program;
}
