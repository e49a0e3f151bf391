import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { printable } from '../cli.ts';
import type { Cli } from '../cli.ts';
import { gatewayCredential, gatewayPlace, modelInUrl, needCredential } from '../http/connection.ts';
import type { Credential } from '../http/connection.ts';
import { askGateway, documentOf } from '../http/gateway-client.ts';
import { jsonAt } from '../json.ts';
import { claudeSettings } from '../setup/claude-settings.ts';
import type { SettingsCredential } from '../setup/claude-settings.ts';
import { mergeSettings, settingAt } from '../setup/merge-settings.ts';
import { readSettingsFile, settingsPath, writeSettingsFile } from '../setup/settings-file.ts';
import { defaultModel } from './gateway.ts';

interface SetupOptions {
  readonly model?: string;
  readonly smallModel?: string;
  readonly apiKeyHelper?: string;
  readonly write?: boolean;
}

/** Adds `ccg setup`. */
export function addSetup(program: Command, cli: Cli): void {
  program
    .command('setup')
    .description("print Claude Code's settings for the gateway, or merge them into its file")
    .option('--model <name>', "the model; left out, Claude Code's own names")
    .option('--small-model <name>', 'the model for what Claude Code does in the background')
    .option('--api-key-helper <command>', 'a command that prints the credential, such as for tokens that expire')
    .option('--write', 'merge them into ~/.claude/settings.json, or the one in CLAUDE_CONFIG_DIR, after a backup')
    .action(async (options: SetupOptions) => {
      await setUp(cli, options);
    });
}

async function setUp(cli: Cli, options: SetupOptions): Promise<void> {
  const { model, smallModel, write = false } = options;
  const place = gatewayPlace(cli.env);
  const found = gatewayCredential(cli);
  if (write && options.apiKeyHelper === undefined) needCredential(found);
  const path = settingsPath(cli);
  const before = readSettingsFile(path);
  const asked = askedModelOf(model, before, path);
  const askedModel = asked.name;
  const inUrl = modelInUrl(place);
  const looked = inUrl === undefined ? asked : { name: inUrl, from: `comes from ${place.variable}` };
  const window = found === undefined ? undefined : await windowOf(cli, found, looked);
  const credential = settingsCredential(found, options);
  const wish = { baseUrl: place.url, credential, model, smallModel, askedModel, window };
  const change = claudeSettings(wish);
  if (window === undefined) cli.terminal.err(unknownWindow(found !== undefined, askedModel));
  if (!write) {
    cli.terminal.out(`${JSON.stringify({ env: change.env, apiKeyHelper: change.apiKeyHelper }, undefined, 2)}\n`);
    cli.terminal.err(`These belong into ${path}: \`ccg setup --write\` merges them into it.\n`);
    return;
  }
  const merged = mergeSettings(before, change);
  switch (merged.kind) {
    case 'unreadable':
      throw new CliError('refused', `${path} ${merged.reason}. Nothing was changed. Correct the file and try again.`);
    case 'unchanged':
      cli.terminal.err(`${path} says so already.\n`);
      return;
    case 'merged': {
      const backup = writeSettingsFile(path, merged.text, cli.nowMs());
      const names = [
        ...Object.keys(change.env).map((name) => `env.${name}`),
        ...(change.apiKeyHelper === undefined ? [] : ['apiKeyHelper']),
      ];
      const lines = [
        `${path}: set ${names.join(', ')}`,
        ...(merged.removed.length === 0
          ? []
          : [`removed what would have stood against them: ${merged.removed.join(', ')}`]),
        ...(backup === undefined ? [] : [`before: ${backup}`]),
        ...otherProviders(before),
        'Start `claude`. `ccg doctor` examines the way to the model.',
      ];
      cli.terminal.err(lines.map((line) => `${line}\n`).join(''));
    }
  }
}

interface AskedModel {
  readonly name: string;
  /** The predicate of a sentence about the name. */
  readonly from: string;
}

/** The name by which Claude Code will ask, and where it comes from. */
function askedModelOf(option: string | undefined, settings: string, path: string): AskedModel {
  if (option !== undefined) return { name: option, from: 'comes from --model' };
  const variable = settingAt(settings, 'env', 'ANTHROPIC_MODEL');
  if (variable !== undefined) return { name: variable, from: `comes from env.ANTHROPIC_MODEL in ${path}` };
  const member = settingAt(settings, 'model');
  if (member !== undefined) return { name: member, from: `comes from "model" in ${path}` };
  return { name: defaultModel, from: 'is what Claude Code asks for where nobody names a model' };
}

async function windowOf(cli: Cli, credential: Credential, { name, from }: AskedModel): Promise<number | undefined> {
  const place = gatewayPlace(cli.env);
  const answer = await askGateway(cli, place, `/v1/models/${encodeURI(name)}`, credential);
  if (answer.kind === 'error' && [403, 404].includes(answer.status)) {
    throw new CliError('refused', answer.message, [
      printable(`The name ${name} ${from}. Nothing was changed.`),
      'Name a model that you may use: ccg setup --model NAME. `ccg models` lists them.',
    ]);
  }
  const window = jsonAt(documentOf(answer, place), 'max_input_tokens');
  return typeof window === 'number' ? window : undefined;
}

function unknownWindow(isAsked: boolean, model: string): string {
  return isAsked
    ? `The gateway does not know the window of ${model}: if it is below 1000000 tokens, say so ("Context window" in the README).\n`
    : 'Without a credential the gateway was not asked for the window of the model: set CCG_TOKEN or CCG_TOKEN_FILE.\n';
}

/** A file with the credential stays the only place of it. What is printed shows none. */
function settingsCredential(found: Credential | undefined, { apiKeyHelper, write }: SetupOptions): SettingsCredential {
  if (apiKeyHelper !== undefined) return { kind: 'helper', command: apiKeyHelper };
  if (found?.file !== undefined) return { kind: 'helper', command: `cat ${shellQuote(found.file)}` };
  if (found === undefined || write !== true) return { kind: 'token', text: '<your API key>' };
  const text = found.secret.reveal();
  if (!text.startsWith('eyJ')) return { kind: 'token', text };
  throw new CliError('usage', 'A token expires, so it does not belong into the settings.', [
    'Name the command that prints a fresh one: ccg setup --write --api-key-helper COMMAND',
  ]);
}

function shellQuote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Variables that send Claude Code elsewhere, whatever its base URL is. */
function otherProviders(settings: string): readonly string[] {
  const names = ['CLAUDE_CODE_USE_BEDROCK', 'CLAUDE_CODE_USE_VERTEX', 'CLAUDE_CODE_USE_FOUNDRY'];
  return names
    .filter((name) => settingAt(settings, 'env', name) !== undefined)
    .map((name) => `Remove env.${name}: with it Claude Code does not go to the gateway.`);
}
