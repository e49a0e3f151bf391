import type { HeaderList } from '@ccg/wire';

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
  if (value(`x-ratelimit-remaining-${limit}`) !== '0') return undefined;
  return durationOf(value(`x-ratelimit-reset-${limit}`) ?? '');
}

/** Go's form of durations, such as `1h2m3.5s` and `20ms`. */
function durationOf(text: string): number | undefined {
  const parts = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/u.exec(text);
  if (parts === null || text === '') return undefined;
  const [, hours = '0', minutes = '0', seconds = '0', milliseconds = '0'] = parts;
  return Math.ceil(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(milliseconds) / 1000);
}
