import type { Command } from 'commander';
import { CliError, exitCodes } from '../cli-error.ts';
import type { Cli } from '../cli.ts';
import { checks } from '../doctor/checks.ts';
import { gatewayCredential, gatewayPlace, needCredential } from '../http/connection.ts';
import { askGateway, documentOf } from '../http/gateway-client.ts';
import { listAt } from '../json.ts';
import { aligned, field, show, table } from '../output.ts';
import type { Column, OutputOptions } from '../output.ts';
import { jsonOption } from './options.ts';

const modelColumns: readonly Column[] = [
  ['MODEL', field('id')],
  ['WINDOW', field('max_input_tokens')],
  ['OUTPUT', field('max_tokens')],
  ['NAME', field('display_name')],
];

const noneListed =
  'None of the listed models is allowed. Names that the gateway maps to one, such as those of Claude, may be: ccg doctor --model NAME\n';

/** What Claude Code asks for where nobody names a model. */
export const defaultModel = 'claude-opus-5-5';

/** Adds `ccg models` and `ccg doctor`, which ask the gateway itself. */
export function addGateway(program: Command, cli: Cli): void {
  program
    .command('models')
    .description('list the models that your credential may use at the gateway')
    .addOption(jsonOption())
    .action(async (options: OutputOptions) => {
      const place = gatewayPlace(cli.env);
      const credential = needCredential(gatewayCredential(cli));
      const list = documentOf(await askGateway(cli, place, '/v1/models?limit=1000', credential), place);
      const models = listAt(list, 'data');
      show(cli, options, list, () => table(modelColumns, models));
      if (models.length === 0) cli.terminal.err(noneListed);
    });
  program
    .command('doctor')
    .description('examine base URL, credential, model and one streamed request; names the first fault and its remedy')
    .option('--model <name>', `the model; left out, ANTHROPIC_MODEL or ${defaultModel}`)
    .addOption(jsonOption())
    .action(async ({ model, json }: OutputOptions & { readonly model?: string }) => {
      await examine(cli, model ?? cli.env['ANTHROPIC_MODEL'] ?? defaultModel, json === true);
    });
}

interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'fault';
  readonly detail: string;
  readonly remedy?: readonly string[];
}

async function examine(cli: Cli, model: string, json: boolean): Promise<void> {
  const patient = {
    place: () => gatewayPlace(cli.env),
    credential: () => needCredential(gatewayCredential(cli)),
    model,
  };
  const findings: Finding[] = [];
  const add = (finding: Finding): void => {
    findings.push(finding);
    if (!json) cli.terminal.out(aligned([[finding.result.padEnd(5), finding.check.padEnd(10), finding.detail]]));
  };
  for (const [name, check] of checks) {
    try {
      add({ check: name, result: 'ok', detail: await check(cli, patient) });
    } catch (thrown) {
      if (!(thrown instanceof CliError)) throw thrown;
      add({ check: name, result: 'fault', detail: thrown.message, remedy: thrown.details });
      if (!json) cli.terminal.out(thrown.details.map((line) => `${' '.repeat(19)}${line}\n`).join(''));
      cli.setExitCode(thrown.kind === 'unreachable' ? exitCodes.unreachable : exitCodes.refused);
      break;
    }
  }
  if (json) cli.terminal.out(`${JSON.stringify({ checks: findings }, null, 2)}\n`);
}
