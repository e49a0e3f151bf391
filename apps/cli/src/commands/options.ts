import { InvalidArgumentError, Option } from 'commander';
import { CliError } from '../cli-error.ts';

export const jsonOption = () => new Option('--json', 'print the document of the API instead of a table');
export const tenantOption = () => new Option('--tenant <id>', 'the tenant; left out, your own or the only one');
/** A text in the form that the server takes: some keyboards and files write accents apart from their letters. */
export const textFrom = (text: string): string => text.normalize();
export const tenantOrAllOption = () =>
  new Option('--tenant <id>', 'the tenant; left out, your own, or for operators all');
export const nameOption = () => new Option('--name <text>', 'the name for people').argParser(textFrom);
export const idempotencyOption = () =>
  new Option('--idempotency-key <text>', 'the same command with the same key is done once in 24 h');

/** A text for the API, in which `""` takes the value away. */
export const orNull = (text: string | undefined): string | null | undefined => (text === '' ? null : text);

export const sharingOptions = () => [
  new Option('--group <name>', 'whose pool of the limits of groups the user shares; "" for none'),
  waitingWeightOption('how many turns the user has where others have one; 1 to 100'),
];

const waitingWeightOption = (description: string) =>
  new Option('--waiting-weight <number>', description).argParser(wholeNumber);

export const placeOptions = () => [
  new Option(
    '--time-zone <name>',
    'where days, weeks and months of budgets begin, such as Europe/Berlin; "" for UTC',
  ).argParser(textFrom),
  new Option(
    '--contact <text>',
    'whom a developer asks who is stopped by a limit; "" for that of the gateway',
  ).argParser(textFrom),
  waitingWeightOption('how many items of its batches run where other tenants have one; 1 to 100'),
];

/** What a level of an allowlist and its policies may be. */
export interface AllowlistOptions {
  readonly models?: readonly string[];
  readonly targets?: readonly string[];
  readonly policies?: readonly string[];
}

export const allowlistOptions = () => [
  new Option(
    '--models <patterns>',
    'models that may be asked for, such as "claude-*,gpt-4.1"; "*" is any text',
  ).argParser(words),
  new Option('--targets <patterns>', 'what may serve them, such as "openai:*"').argParser(words),
];

export const policiesOption = () =>
  new Option('--policies <names>', 'policies of the tenant that count, too; "" for none').argParser(words);

/** The allowlist as the API takes it; undefined where no list was given. */
export function allowlistFrom({ models, targets }: AllowlistOptions): AllowlistOptions | undefined {
  if (models === undefined && targets === undefined) return undefined;
  return { ...(models === undefined ? {} : { models }), ...(targets === undefined ? {} : { targets }) };
}

/** The allowlist where the server wants one: it has no default, so that nobody allows everything by mistake. */
export function neededAllowlist(options: AllowlistOptions): AllowlistOptions {
  const allowlist = allowlistFrom(options);
  if (allowlist !== undefined) return allowlist;
  throw new CliError('usage', 'Say which models are allowed with --models or --targets. --models "*" allows all.');
}

/** Words between commas; the option may be given several times. */
function words(text: string, before: readonly string[] = []): readonly string[] {
  const given = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  return [...before, ...given];
}

export const wordsOption = (flags: string, description: string) => new Option(flags, description).argParser(words);

export const rateOption = () =>
  new Option('--requests-per-minute <number>', 'the limit of the tenant; "default" for that of the gateway').argParser(
    (text) => (text === 'default' ? text : wholeNumber(text)),
  );

export const limitsOption = () =>
  new Option(
    '--limits <list>',
    'limits between commas, such as "tenant:concurrency=20,user:requests=60/minute,group:budget=50/day", or as the JSON list of the API; "" for none, "default" for those of the gateway',
  ).argParser((text) => (text === 'default' ? text : limitsFrom(text)));

/** The server knows which levels and kinds there are, and says so. */
function limitsFrom(text: string): readonly unknown[] {
  if (text.trimStart().startsWith('[')) return jsonList(text);
  return words(text).map((word) => {
    const match = /^([\w-]+):(\w+)=(\d{1,9}(?:\.\d{1,9})?)(?:\/(\w+))?$/u.exec(word);
    if (match === null) {
      throw new InvalidArgumentError(
        'A limit is LEVEL:KIND=AMOUNT/PERIOD, such as user:requests=60/minute or group:budget=12.50/day, or LEVEL:concurrency=AMOUNT.',
      );
    }
    const [, level, kind, amount, per] = match;
    return { level, kind, amount: Number(amount), per };
  });
}

function jsonList(text: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list)) return list;
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError('It begins with "[" and is no JSON list.');
}

export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1.');
}

const unitsMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30d`, `12h`, `90m`, `45s` or `0`, in milliseconds. */
export function durationMs(text: string): number {
  if (text === '0') return 0;
  const match = /^(\d{1,6})([smhd])$/u.exec(text);
  const unit = match?.[2] as keyof typeof unitsMs | undefined;
  if (match === null || unit === undefined) {
    throw new InvalidArgumentError('It must be a number with s, m, h or d, such as 24h or 30d.');
  }
  return Number(match[1]) * unitsMs[unit];
}

/** An option for a day in the past that is given as a duration back from now or as a date, and becomes a date in UTC. */
export const pastDayOption = (flags: string, description: string, nowMs: () => number) =>
  new Option(flags, description).argParser((text) => pastDayFrom(text, nowMs()));

function pastDayFrom(text: string, nowMs: number): string {
  if (isDate(text)) return new Date(text).toISOString().slice(0, '2026-11-28'.length);
  try {
    return new Date(nowMs - durationMs(text)).toISOString().slice(0, '2026-11-28'.length);
  } catch {
    throw new InvalidArgumentError('It must be a duration such as 30d, or a date such as 2026-11-01.');
  }
}

/** An option for a time that is given as a duration from now, as a date or as a time, and becomes an ISO time. */
export const momentOption = (flags: string, description: string, nowMs: () => number) =>
  new Option(flags, description).argParser((text) => momentFrom(text, nowMs()));

function momentFrom(text: string, nowMs: number): string {
  if (isDate(text)) return new Date(text).toISOString();
  try {
    return new Date(nowMs + durationMs(text)).toISOString();
  } catch {
    throw new InvalidArgumentError('It must be a duration such as 90d, or a date such as 2027-01-31.');
  }
}

/** A date (its beginning in UTC), or a time with its offset. JavaScript takes a 31st of February for a day in March. */
function isDate(text: string): boolean {
  const day = /^(\d{4}-\d\d-\d\d)(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d))?$/u.exec(text)?.[1];
  if (day === undefined || Number.isNaN(Date.parse(text))) return false;
  return new Date(day).toISOString().startsWith(day);
}
