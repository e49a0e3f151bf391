import { limitModes } from '@ccg/kernel';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { Cli } from '../cli.ts';
import { createAdminClient, queryOf, segment } from '../http/admin-client.ts';
import { jsonAt, textAt } from '../json.ts';
import { amountOf, card, dollars, field, show, table, time } from '../output.ts';
import type { Column, OutputOptions } from '../output.ts';
import { jsonOption, pastDayOption, tenantOption, tenantOrAllOption } from './options.ts';

interface WhyOptions extends OutputOptions {
  readonly tenant?: string;
}

/** Adds `ccg why`. */
export function addWhy(program: Command, cli: Cli): void {
  program
    .command('why')
    .description('say what became of a request: which limit refused it, or what it used')
    .argument(
      '<request-id>',
      'the "request-id" of the answer, which Claude Code shows with an error, or of a line of the log',
    )
    .addOption(tenantOrAllOption())
    .addOption(jsonOption())
    .action(async (requestId: string, { tenant, ...options }: WhyOptions) => {
      const found = await createAdminClient(cli).get(`/requests/${segment(requestId)}${queryOf({ tenant })}`);
      show(cli, options, found, () => card(columnsOf(found, cli.nowMs()), found));
    });
}

function columnsOf(found: unknown, nowMs: number): readonly Column[] {
  if (textAt(found, 'kind') !== 'refused') return recordColumns;
  const isKilled = textAt(found, 'refusal', 'kind') === 'killed';
  return [...(isKilled ? killedColumns : refusedColumns(nowMs)), ...callerColumns];
}

const ofRefusal = (...path: readonly string[]) => field('refusal', ...path);

function refusedColumns(nowMs: number): readonly Column[] {
  return [
    ['OUTCOME', () => 'refused by a limit'],
    ['LIMIT', (found) => limitText(jsonAt(found, 'refusal'))],
    ['THEN', (found) => valuesText(jsonAt(found, 'refusal', 'state'), amountOf(jsonAt(found, 'refusal')))],
    ['AT', time('refusal', 'at')],
    ['CLEARS', (found) => clearsText(textAt(found, 'refusal', 'clearsAt'), nowMs)],
  ];
}

const killedColumns: readonly Column[] = [
  ['OUTCOME', () => 'refused: an administrator has killed its session'],
  ['AT', time('refusal', 'at')],
];

const callerColumns: readonly Column[] = [
  ['ASK', field('contact')],
  ['TENANT', field('tenant')],
  ['USER', (found) => textAt(found, 'refusal', 'userName') ?? textAt(found, 'refusal', 'user')],
  ['API KEY', ofRefusal('apiKey')],
  ['SESSION', ofRefusal('session')],
  ['MODEL', ofRefusal('model')],
  ['BATCH', ofRefusal('batch')],
  ['ITEM', (found) => itemText(jsonAt(found, 'refusal', 'batchIndex'))],
];

/** `user-input_tokens: 100000 input_tokens/minute for each user`. */
function limitText(refusal: unknown): string {
  const [limit, level, kind, per] = ['limit', 'level', 'kind', 'per'].map((name) => textAt(refusal, name));
  const what = kind === 'budget' ? '' : ` ${kind}`;
  const rate = `${String(amountOf(refusal))}${what}${per === undefined ? '' : `/${per}`}`;
  return `${limit}: ${rate} for ${level === 'tenant' ? 'the tenant' : `each ${level}`}`;
}

function valuesText(state: unknown, amount: unknown): string {
  const [remaining, used] = [jsonAt(state, 'remaining'), jsonAt(state, 'usedMicroDollars')];
  if (used !== undefined) return `${dollars(used)} of ${String(amount)} used or reserved`;
  return typeof remaining === 'number' ? `${remaining} left` : 'unknown';
}

function clearsText(clearsAt: string | undefined, nowMs: number): string {
  if (clearsAt === undefined) return 'unknown';
  const seconds = Math.ceil((Date.parse(clearsAt) - nowMs) / 1000);
  const at = clearsAt.replace(/\.\d+Z$/u, 'Z');
  return seconds > 0 ? `${at}, in ${seconds} s` : at;
}

/** Of a try of an item that a limit refused. */
const ofLimit = (read: (refusal: unknown) => string) => (found: unknown) =>
  jsonAt(found, 'refusal') === undefined ? undefined : read(jsonAt(found, 'refusal'));

const recordColumns: readonly Column[] = [
  ['OUTCOME', outcomeText],
  ['LIMIT', ofLimit(limitText)],
  ['THEN', ofLimit((refusal) => valuesText(jsonAt(refusal, 'state'), amountOf(refusal)))],
  ['AT', time('record', 'at')],
  ['TENANT', field('tenant')],
  ['USER', (found) => textAt(found, 'record', 'userName') ?? textAt(found, 'record', 'user')],
  ['API KEY', field('record', 'apiKey')],
  ['SESSION', field('record', 'session')],
  ['AGENT', field('record', 'agent')],
  ['MODEL', (found) => modelText(jsonAt(found, 'record'))],
  ['TOKENS', (found) => tokensText(jsonAt(found, 'record'))],
  ['COST', costText],
  ['DURATION', (found) => msText(jsonAt(found, 'record', 'durationMs'))],
  ['FIRST EVENT', (found) => msText(jsonAt(found, 'record', 'firstEventMs'))],
  ['ATTEMPTS', field('record', 'attempts')],
  ['BATCH', field('record', 'batch')],
  ['ITEM', (found) => itemText(jsonAt(found, 'record', 'batchIndex'))],
];

const fateTexts = new Map([
  ['again', 'the item is tried again'],
  ['result', 'it is the result of the item'],
  ['void', 'the item had another result, or its batch had ended'],
]);

function outcomeText(found: unknown): string | undefined {
  const [kind, outcome] = [textAt(found, 'kind'), textAt(found, 'record', 'outcome')];
  if (kind === 'try' && outcome === 'running') return 'its worker was gone before it ended; the item is tried again';
  if (kind === 'try') return [outcome, fateTexts.get(textAt(found, 'fate') ?? '')].filter(Boolean).join('; ');
  if (kind === 'running') return 'it runs now; what it used so far:';
  return outcome === 'running' ? 'its gateway was gone before it ended; what it had used:' : outcome;
}

/** Items are counted from 0 on, in the order in which they were sent. */
function itemText(index: unknown): string | undefined {
  return typeof index === 'number' ? `${index} (the first is 0)` : undefined;
}

function costText(found: unknown): string | undefined {
  const cost = dollars(jsonAt(found, 'record', 'costMicroDollars'));
  return textAt(found, 'kind') === 'try' ? `${cost}, not charged` : cost;
}

function modelText(record: unknown): string | undefined {
  const [asked, provider, model] = ['requestedModel', 'provider', 'model'].map((name) => textAt(record, name));
  if (asked === '') return undefined;
  return provider === undefined ? asked : `${asked} → ${provider}:${model}`;
}

function tokensText(record: unknown): string {
  const numberOf = (name: string) => Number(jsonAt(record, name) ?? 0);
  const input = `${numberOf('inputTokens')} input, ${numberOf('cacheReadTokens')} from cache, ${numberOf('cacheWriteTokens')} into cache`;
  const source = textAt(record, 'usageSource') === 'estimated' ? ' (estimated)' : '';
  return `${input}, ${numberOf('outputTokens')} output${source}`;
}

function msText(value: unknown): string | undefined {
  return typeof value === 'number' ? `${value} ms` : undefined;
}

interface ReportOptions extends OutputOptions {
  readonly tenant?: string;
  readonly since?: string;
  readonly until?: string;
  readonly mode: string;
}

const reportColumns: readonly Column[] = [
  ['LIMIT', (row) => textAt(row, 'limit') ?? '(other)'],
  ['LEVEL', field('level')],
  ['KIND', field('kind')],
  ['USER', (row) => textAt(row, 'userName') ?? textAt(row, 'user')],
  ['API KEY', field('apiKey')],
  ['REQUESTS', field('count')],
];

/** Adds `ccg limits report`. */
export function addLimitsReport(limits: Command, cli: Cli): void {
  limits
    .command('report')
    .description('show whom limits in shadow mode would have refused, and how often')
    .addOption(pastDayOption('--since <when>', 'from when on, such as 7d or 2026-11-01; 7d unless given', cli.nowMs))
    .addOption(pastDayOption('--until <when>', 'the last day; today unless given', cli.nowMs))
    .addOption(new Option('--mode <mode>', 'enforce: whom limits have refused').choices(limitModes).default('shadow'))
    .addOption(tenantOption())
    .addOption(jsonOption())
    .action(async ({ tenant, since: from, until: to, mode, ...options }: ReportOptions) => {
      const list = await createAdminClient(cli).list('/refusals/callers', { tenant, from, to, mode });
      show(cli, options, list, () => table(reportColumns, list.items));
      if (list.items.length === 0) {
        const who = mode === 'shadow' ? 'No limit in shadow mode would have refused' : 'No limit has refused';
        cli.terminal.err(`${who} anybody in that time.\n`);
      }
    });
}
