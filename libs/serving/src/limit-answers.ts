import type { BudgetState, LimitState, Refused, WaitEnd } from '@ccg/admission';
import { createBoundedMap, GatewayError, nameOfLimit, waitingOf } from '@ccg/kernel';
import type { BudgetRule, Clock, ConcurrencyRule, LimitRule, RateRule } from '@ccg/kernel';
import type { TenantAuthorization } from '@ccg/tenancy';
import { isBudgetState } from './budget-standing.ts';
import { rateHeaders, spentHeaders, timeText, unreadHeaders } from './limit-headers.ts';
import type { RequestLimit } from './request-limits.ts';

/** Claude Code waits so long for a limit and no longer. */
const waitMaxSeconds = 60;
/** Nobody knows when a running request ends. */
const concurrencyRetrySeconds = 5;
const storeRetrySeconds = 5;

/** A rule of which a client is told, and what the sentence needs besides it. */
export interface ToldRule {
  readonly rule: LimitRule;
  /** `user ada` */
  readonly whose: string;
  readonly authorization: Pick<TenantAuthorization, 'timeZone' | 'contact'>;
}

/** What clients are told who are stopped by a limit. */
export interface LimitAnswers {
  /** Whose request a limit refuses. */
  limited(told: ToldRule, refused: Refused, known: KnownLimits): GatewayError;
  /** Whose request has a closed limit while the store is away. */
  unreadable(told: ToldRule): GatewayError;
}

interface KnownLimits {
  readonly limits: readonly RequestLimit[];
  readonly states: readonly LimitState[];
  /** Why a request was refused that would have waited. */
  readonly wait?: WaitEnd | undefined;
}

export function createLimitAnswers(clock: Clock): LimitAnswers {
  const localTime = createLocalTimes();
  return {
    limited(told, refused, known) {
      const { rule } = told;
      if (rule.kind === 'budget') return spent({ ...told, rule }, refused, localTime);
      if (rule.kind === 'concurrency') return crowded({ ...told, rule }, known.wait);
      return tooFast({ ...told, rule }, refused, known, clock.now());
    },
    unreadable,
  };
}

type Told<Rule extends LimitRule> = ToldRule & { readonly rule: Rule };

function tooFast(
  { rule, whose }: Told<RateRule>,
  { retryAfterMs }: Refused,
  { limits, states }: KnownLimits,
  nowMs: number,
): GatewayError {
  const what = `Rate limit: ${rule.amount} ${countedWords[rule.kind]} per minute for ${whose}.`;
  const retryAfterSeconds = secondsOf(retryAfterMs);
  const details = {
    retryAfterSeconds,
    headers: Object.fromEntries(rateHeaders(limits, states, nowMs)),
    reason: nameOfLimit(rule),
  };
  if (retryAfterSeconds <= waitMaxSeconds) {
    return new GatewayError('rate-limited', `${what} Retry in ${retryAfterSeconds} s.`, details);
  }
  const message = `${what} Try again after ${timeText(nowMs + retryAfterMs)}.`;
  return new GatewayError('rate-limited', message, { ...details, retry: 'never' });
}

function crowded({ rule, whose }: Told<ConcurrencyRule>, wait: WaitEnd | undefined): GatewayError {
  const { code, more } = crowds(rule)[wait ?? 'none'];
  const retryAfterSeconds = concurrencyRetrySeconds;
  const what = `Concurrency limit: ${rule.amount} requests at a time for ${whose}.`;
  return new GatewayError(code, `${what}${more} Retry in ${retryAfterSeconds} s.`, {
    retryAfterSeconds,
    reason: nameOfLimit(rule),
  });
}

function crowds(rule: ConcurrencyRule) {
  return {
    none: { code: 'too-many-running', more: '' },
    full: { code: 'waiting-room-full', more: ' Too many requests wait already.' },
    over: { code: 'wait-over', more: ` None of them ended within ${waitingOf(rule).maxWaitSeconds} s.` },
  } as const;
}

function spent(told: Told<BudgetRule>, { retryAfterMs, state }: Refused, localTime: LocalTime): GatewayError {
  if (!isBudgetState(state)) throw new Error('A budget refused without saying what is used of it.');
  return new GatewayError('budget-exceeded', spentSentence(told, state, localTime), {
    retryAfterSeconds: secondsOf(retryAfterMs),
    headers: Object.fromEntries(spentHeaders(state, told.rule.level === 'group')),
    reason: nameOfLimit(told.rule),
  });
}

function unreadable({ rule, whose, authorization }: ToldRule): GatewayError {
  const reason = nameOfLimit(rule);
  if (rule.kind === 'budget') {
    const message =
      `The ${budgetWords(rule)} for ${whose} cannot be checked now, because the store of the gateway does not answer. ` +
      `Try again in a few minutes, or ask ${authorization.contact}.`;
    return new GatewayError('budget-unreadable', message, { headers: Object.fromEntries(unreadHeaders), reason });
  }
  const message =
    `The limit "${reason}" for ${whose} cannot be checked now, because the store of the gateway does not answer. ` +
    `Retry in ${storeRetrySeconds} s.`;
  return new GatewayError('limit-unreadable', message, { retryAfterSeconds: storeRetrySeconds, reason });
}

const countedWords = {
  requests: 'requests',
  count_requests: 'token counts',
  input_tokens: 'input tokens',
  output_tokens: 'output tokens',
} as const;

function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/** What is spent, when it comes back, and whom to ask: Claude Code shows nothing else. */
function spentSentence(
  { rule, whose, authorization: { timeZone, contact } }: Told<BudgetRule>,
  { limit, usedMicroDollars, resetsAtMs }: BudgetState,
  localTime: LocalTime,
): string {
  const leftMicroDollars = limit.amountMicroDollars - usedMicroDollars;
  const standing =
    leftMicroDollars > 0
      ? `has ${moneyText(leftMicroDollars)} left, which is less than this request may cost`
      : 'is used up';
  const when = localTime(resetsAtMs, timeZone);
  return `The ${budgetWords(rule)} for ${whose} ${standing}. It resets on ${when}. Ask ${contact} if you need more.`;
}

function budgetWords({ amount, per }: BudgetRule): string {
  return `budget of ${moneyText(amount * microDollars)} per ${per}`;
}

const microDollars = 1_000_000;

/** `$50`, `$0.50`, `$0.000125`. */
function moneyText(amountMicroDollars: number): string {
  const dollars = amountMicroDollars / microDollars;
  if (Number.isInteger(dollars)) return `$${dollars}`;
  const isWholeCents = Math.round(amountMicroDollars) % (microDollars / 100) === 0;
  return `$${isWholeCents ? dollars.toFixed(2) : dollars.toFixed(6).replace(/0+$/u, '')}`;
}

/** `29 November 2026 at 00:00 (Europe/Berlin)` */
type LocalTime = (ms: number, timeZone: string) => string;

function createLocalTimes(): LocalTime {
  // A formatter takes longer to make than a refusal may, and tenants have few time zones.
  const formats = createBoundedMap<Intl.DateTimeFormat>(100);
  return (ms, timeZone) => {
    let format = formats.get(timeZone);
    if (format === undefined) {
      format = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'long', timeStyle: 'short' });
      formats.set(timeZone, format);
    }
    return `${format.format(ms)} (${timeZone})`;
  };
}
