import {
  budgetPeriods,
  limitKinds,
  limitLevels,
  limitModes,
  limitTraffics,
  nameOfLimit,
  onStoreErrorOf,
  rateKinds,
  waitingOf,
} from '@ccg/kernel';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error.ts';
import type { Cli } from '../cli.ts';
import { createAdminClient, segment } from '../http/admin-client.ts';
import { jsonAt, listAt, textAt } from '../json.ts';
import { amountOf, card, field, show, table } from '../output.ts';
import type { Column, OutputOptions } from '../output.ts';
import { durationMs, jsonOption, tenantOption } from './options.ts';
import { tenantPath } from './tenant-scope.ts';

interface LimitOptions extends OutputOptions {
  readonly tenant?: string;
  readonly name?: string;
  readonly level?: string;
  readonly kind?: string;
  readonly amount?: number;
  readonly per?: string;
  readonly reserve?: string;
  readonly traffic?: string;
  readonly mode?: string;
  readonly onStoreError?: string;
  readonly maxWait?: number;
  readonly maxWaiting?: number;
}

const columns: readonly Column[] = [
  ['NAME', field('name')],
  ['LEVEL', field('level')],
  ['KIND', field('kind')],
  ['AMOUNT', amountOf],
  ['PER', field('per')],
  ['MODE', (item) => jsonAt(item, 'mode') ?? 'enforce'],
  ['RESERVE', field('reserve')],
  ['WITHOUT REDIS', withoutRedisOf],
  ['MAX WAIT', (item) => (isCap(item) ? `${waitOf(item).maxWaitSeconds}s` : undefined)],
  ['MAX WAITING', (item) => (isCap(item) ? waitOf(item).maxWaiting : undefined)],
  ['TRAFFIC', field('traffic')],
];

/** What holds is shown, also where the limit leaves it out. */
function withoutRedisOf(item: unknown): unknown {
  const kind = limitKinds.find((one) => one === textAt(item, 'kind'));
  return jsonAt(item, 'onStoreError') ?? (kind === undefined ? undefined : onStoreErrorOf({ kind }));
}

function isCap(item: unknown): boolean {
  return textAt(item, 'kind') === 'concurrency';
}

function waitOf(item: unknown) {
  const [maxWaitSeconds, maxWaiting] = [jsonAt(item, 'maxWaitSeconds'), jsonAt(item, 'maxWaiting')];
  return waitingOf({
    maxWaitSeconds: typeof maxWaitSeconds === 'number' ? maxWaitSeconds : undefined,
    maxWaiting: typeof maxWaiting === 'number' ? maxWaiting : undefined,
  });
}

/** Adds `ccg limits`, and gives it for more commands below it. */
export function addLimits(program: Command, cli: Cli): Command {
  const limits = program.command('limits').description('how much a tenant, its groups, users and sessions may use');
  limits
    .command('list')
    .description('list the limits that hold for a tenant')
    .addOption(tenantOption())
    .addOption(jsonOption())
    .action(async (options: LimitOptions) => {
      const client = createAdminClient(cli);
      const list = await client.get(`${await tenantPath(client, options.tenant)}/limits`);
      const items = listAt(list, 'items');
      show(cli, options, list, () => table(columns, items));
      if (items.length === 0) cli.terminal.err('The tenant has no limits.\n');
      else if (textAt(list, 'origin') === 'gateway') {
        cli.terminal.err('The tenant has no limits of its own: these are those of the gateway (RATE_LIMIT_RPM).\n');
      }
    });
  addSet(limits, cli);
  limits
    .command('remove')
    .description('remove a limit; the others stay')
    .argument('<name>', 'its name, as `ccg limits list` shows it')
    .addOption(tenantOption())
    .action(async (name: string, options: LimitOptions) => {
      const client = createAdminClient(cli);
      await client.send('DELETE', `${await tenantPath(client, options.tenant)}/limits/${segment(name)}`);
      cli.terminal.err(`The limit ${name} is removed.\n`);
    });
  return limits;
}

const bothTraffics = 'both';

const settingOptions = () => [
  new Option('--name <name>', 'its name; left out, that of its level, kind and period, such as user-budget-day'),
  new Option('--level <level>', 'whose use is counted').choices(limitLevels),
  new Option('--kind <kind>', 'what is counted').choices(limitKinds),
  new Option('--amount <number>', 'how much; dollars of a budget, such as 12.50').argParser(amountFrom),
  new Option('--per <period>', 'minute, or day, week or month of a budget').choices(['minute', ...budgetPeriods]),
  new Option('--reserve <what>', 'of tokens: what a request takes before its answer is known').choices([
    'none',
    'estimate',
    'max_tokens',
  ]),
  new Option('--traffic <what>', 'of requests and tokens: what is counted; both: each by itself').choices([
    ...limitTraffics,
    bothTraffics,
  ]),
  new Option('--mode <mode>', 'enforce, or shadow: it only counts what it would refuse').choices(limitModes),
  new Option('--on-store-error <what>', 'without Redis: count by replica, let in or refuse').choices([
    'local',
    'open',
    'closed',
  ]),
  new Option(
    '--max-wait <duration>',
    'of concurrency: how long a request waits, such as 30s; 0 refuses at once',
  ).argParser((text) => durationMs(text) / 1000),
  new Option('--max-waiting <number>', 'of concurrency: how many may wait').argParser(countFrom),
];

function addSet(limits: Command, cli: Cli): void {
  const set = limits
    .command('set')
    .description('set a limit, or change the one of that name: what is left out of that stays');
  for (const option of [...settingOptions(), tenantOption(), jsonOption()]) set.addOption(option);
  set.action(async (options: LimitOptions) => {
    const name = options.name ?? nameFrom(options);
    const client = createAdminClient(cli);
    const path = `${await tenantPath(client, options.tenant)}/limits`;
    const before = listAt(await client.get(path), 'items').find((item) => textAt(item, 'name') === name);
    const limit = await client.send('PUT', `${path}/${segment(name)}`, bodyFrom(options, before));
    show(cli, options, limit, () => card(columns, limit));
  });
}

function nameFrom({ level, kind, per, traffic }: LimitOptions): string {
  if (level === undefined || kind === undefined || (kind === 'budget' && per === undefined)) {
    throw new CliError(
      'usage',
      'Say which limit: --name for one that exists; --level, --kind, --amount and, of a budget, --per for a new one.',
    );
  }
  return nameOfLimit({ level, kind, per, traffic: traffic === bothTraffics ? undefined : traffic });
}

/** What is given, beside what the limit was; of another kind nothing of the old one is kept but whose it is. */
function bodyFrom(options: LimitOptions, before: unknown): unknown {
  const {
    level,
    kind = textAt(before, 'kind'),
    amount,
    per,
    reserve,
    traffic,
    mode,
    onStoreError,
    maxWait,
    maxWaiting,
  } = options;
  if (kind === undefined) {
    throw new CliError('refused', `There is no limit "${options.name}". \`ccg limits list\` shows them.`, [
      'For a new one give --level, --kind, --amount and, of a budget, --per.',
    ]);
  }
  if (kind !== 'concurrency' && (maxWait ?? maxWaiting) !== undefined) {
    throw new CliError('usage', `--max-wait and --max-waiting are of limits of concurrency; this one is of ${kind}.`);
  }
  const isSameKind = textAt(before, 'kind') === kind;
  const isRate = rateKinds.some((rate) => rate === kind);
  const waits = { maxWaitSeconds: maxWait, maxWaiting };
  const given = { level, kind, amount, per, reserve, traffic, mode, onStoreError, ...waits };
  const kept = isSameKind ? before : { level: jsonAt(before, 'level'), mode: jsonAt(before, 'mode') };
  const body = { ...(isRate ? { per: 'minute' } : {}), ...defined(kept), ...defined(given) };
  return traffic === bothTraffics ? { ...body, traffic: undefined } : body;
}

function defined(fields: unknown): Readonly<Record<string, unknown>> {
  if (typeof fields !== 'object' || fields === null) return {};
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function amountFrom(text: string): number {
  if (/^\d{1,9}(?:\.\d{1,9})?$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number, such as 60 or 12.50.');
}

function countFrom(text: string): number {
  if (/^\d{1,9}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 0.');
}
