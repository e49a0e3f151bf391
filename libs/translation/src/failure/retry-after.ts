import type { HeaderList } from '@ccg/wire';
import type { FailureDocument } from './failure-document.ts';

/** The longest wait that Claude Code honours; above it, it gives up at once. */
export const retryAfterMaxSeconds = 60;

/**
 * How many whole seconds an upstream asks to wait, from `retry-after` (seconds, or a date measured against the
 * answer's own `date`), `retry-after-ms`, OpenAI's reset times of the limits that are used up, or OpenRouter's in
 * milliseconds since 1970. Undefined when it does not say.
 */
export function readRetryAfterSeconds(headers: HeaderList): number | undefined {
  const value = (name: string) => headers.find(([key]) => key === name)?.[1].trim();
  return (
    secondsOf(value('retry-after')) ??
    untilDate(value('retry-after'), value('date')) ??
    millisecondsOf(value('retry-after-ms')) ??
    resetOf(value, 'requests') ??
    resetOf(value, 'tokens') ??
    secondsOf(value('ratelimit-reset')) ??
    untilTime(value('x-ratelimit-reset'), value('date'))
  );
}

function secondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(?:\.\d+)?$/u.test(text) ? Math.ceil(Number(text)) : undefined;
}

function untilDate(text: string | undefined, date: string | undefined): number | undefined {
  const waitMs = Date.parse(text ?? '') - Date.parse(date ?? '');
  return Number.isNaN(waitMs) ? undefined : Math.max(0, Math.ceil(waitMs / 1000));
}

function untilTime(text: string | undefined, date: string | undefined): number | undefined {
  // Smaller numbers are seconds, of a time or of a wait: servers differ.
  if (text === undefined || !/^\d{13}$/u.test(text)) return undefined;
  const waitMs = Number(text) - Date.parse(date ?? '');
  return Number.isNaN(waitMs) ? undefined : Math.max(0, Math.ceil(waitMs / 1000));
}

function millisecondsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(?:\.\d+)?$/u.test(text) ? Math.ceil(Number(text) / 1000) : undefined;
}

function resetOf(value: (name: string) => string | undefined, limit: 'requests' | 'tokens'): number | undefined {
  // A server that does not say what remains gives the reset of what is used up.
  if ((value(`x-ratelimit-remaining-${limit}`) ?? '0') !== '0') return undefined;
  return durationOf(value(`x-ratelimit-reset-${limit}`) ?? '');
}

/**
 * How many whole seconds the document of a failure asks to wait: in a member (`retryDelay: "34.4s"`,
 * `resets_in_seconds: 13872`), or in a sentence (`Please try again in 4.77s`). Undefined when it does not say.
 */
export function readStatedWaitSeconds({ waits, texts }: Pick<FailureDocument, 'waits' | 'texts'>): number | undefined {
  for (const [name, value] of waits) {
    // What is a time, and not a wait, is for people.
    if (/^resets?at$|^resettime$/u.test(name)) continue;
    const seconds = secondsOf(value) ?? durationOf(value);
    if (seconds !== undefined) return seconds;
  }
  for (const text of texts) {
    const [, amount = ''] = statedWait.exec(text) ?? [];
    const seconds = durationOf(amount) ?? wordsOf(amount);
    if (seconds !== undefined) return seconds;
  }
  return undefined;
}

const statedWait =
  /(?:try again|retry|wait|available|resets?|renews?|请)[^.\n\d]{0,30}?((?:\d{1,6}(?:\.\d{1,6})? ?(?:ms|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hours?|d|days?|秒|分钟|小时)[, ]{0,2}){1,4})(?![a-z])/iu;

const unitSeconds: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|milli)/iu, 0.001],
  [/^(?:s|秒)/iu, 1],
  [/^(?:m|分)/iu, 60],
  [/^(?:h|小)/iu, 3600],
  [/^(?:d)/iu, 86_400],
];

/** `4 days 20 hours 9 minutes`, `30 秒`. */
function wordsOf(amount: string): number | undefined {
  const parts = [...amount.matchAll(/(\d{1,6}(?:\.\d{1,6})?) ?(\p{L}{1,12})/gu)];
  const seconds = parts.map(([, count = '', unit = '']) => {
    const [, each] = unitSeconds.find(([pattern]) => pattern.test(unit)) ?? [];
    return Number(count) * (each ?? Number.NaN);
  });
  const sum = seconds.reduce((all, part) => all + part, 0);
  return parts.length === 0 || Number.isNaN(sum) ? undefined : Math.ceil(sum);
}

/** When a plan that is used up begins anew, in the server's own words, or as a date where it gives a number. */
export function readResetTime({ waits, texts }: Pick<FailureDocument, 'waits' | 'texts'>): string | undefined {
  for (const name of ['resetsat', 'resetat', 'resettime']) {
    const stated = waits.get(name);
    if (stated === undefined) continue;
    return /^\d{10}$|^\d{13}$/u.test(stated)
      ? new Date(Number(stated.padEnd(13, '0'))).toISOString().replace(/\.\d{3}Z$/u, 'Z')
      : stated;
  }
  for (const text of texts) {
    const [, time] = statedReset.exec(text) ?? [];
    if (time !== undefined && /reset|重置|恢复|renew/iu.test(text)) return time;
  }
  return undefined;
}

const statedReset =
  /(\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d{1,6})?(?: ?(?:UTC|GMT|Z|[+-]\d{2}:?\d{2}))?)?)/u;

/** Go's form of durations, such as `1h2m3.5s` and `20ms`. */
function durationOf(text: string): number | undefined {
  const parts = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/u.exec(text);
  if (parts === null || text === '') return undefined;
  const [, hours = '0', minutes = '0', seconds = '0', milliseconds = '0'] = parts;
  return Math.ceil(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(milliseconds) / 1000);
}
