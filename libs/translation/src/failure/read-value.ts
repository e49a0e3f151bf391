import { efforts } from '@ccg/catalog';
import type { Effort } from '@ccg/catalog';
import { isAnswerLimit, isSampling } from './codes.ts';
import { circumstancesAround } from './condition.ts';
import { listOfValues } from './failure-document.ts';
import type { FailureDocument } from './failure-document.ts';
import { fieldPath, namesOf } from './field-path.ts';
import { rangeIn } from './number-range.ts';
import type { Sentence } from './sentences/sentence.ts';
import type { UpstreamCause } from './upstream-cause.ts';

type ValueRejected = Extract<UpstreamCause, { kind: 'value-rejected' }>;
type Groups = Readonly<Record<string, string | undefined>>;

/** A value that a sentence refuses, with the values or numbers that it names instead. */
export function valueRejected(
  sentence: Sentence,
  text: string,
  { faults }: FailureDocument,
): ValueRejected | undefined {
  const match = new RegExp(sentence.pattern.source, `${sentence.pattern.flags}d`).exec(text);
  const groups: Groups = match?.groups ?? {};
  const path = fieldPath(groups['path']) ?? faults[0]?.path ?? sentence.path;
  // Lengths are read elsewhere.
  if (match === null || path === undefined || namesOf(path).length === 0 || isAnswerLimit(path)) return undefined;
  const [start, end] = match.indices?.groups?.['path'] ?? match.indices?.[0] ?? [0, 0];
  const range = isSampling(path) ? rangeIn(text.slice(end, end + restMaxLength)) : undefined;
  // The words of a range are no list of values.
  const allowed =
    range === undefined
      ? (upTo(groups['most']) ?? allowedIn(groups['allowed'] ?? announcedIn(groups['rest'] ?? '')))
      : [];
  const value = (groups['value'] === '' ? undefined : groups['value']) ?? otherEffort(text, allowed);
  const when = circumstancesAround(text, start, end);
  return {
    kind: 'value-rejected',
    path,
    value,
    allowed,
    ...(range === undefined ? {} : { range }),
    ...(when.length === 0 ? {} : { when }),
  };
}

/** The level of thinking that a text names beside those that are allowed. */
function otherEffort(text: string, allowed: readonly string[]): string | undefined {
  const taken = new Set(allowed.map((word) => word.toLowerCase()));
  if (!efforts.some((effort) => taken.has(effort))) return undefined;
  return [...text.matchAll(/\b[a-z]{3,7}\b/gu)]
    .map(([word]) => word)
    .find((word) => efforts.some((effort) => effort === word && !taken.has(effort)));
}

/** The levels of thinking up to this one. */
function upTo(most: string | undefined): readonly Effort[] | undefined {
  const last = efforts.findIndex((effort) => effort === most?.replace(/['"`]/gu, '').toLowerCase());
  return last === -1 ? undefined : efforts.slice(0, last + 1);
}

const restMaxLength = 200;

const announcement =
  /(?:one of|only|expected|must be|可选值|取值范围|支持的值|应为|只能是|只能为|仅支持)[为是:：\s]{0,3}(?<list>[^\n]{1,300})|(?:supported|allowed|valid|available|permitted|possible|accepted) (?:values?|types?|options?|levels?|efforts?)[^:\n]{0,40}?(?::| are| is)(?<named>[^\n]{1,300})/iu;

/** What follows a refusal names other values only where it says so. */
function announcedIn(rest: string): string {
  if (/Only the default \(/iu.test(rest)) return rest;
  const { list, named } = announcement.exec(rest)?.groups ?? {};
  return list ?? named ?? '';
}

/** The values in the rest of a sentence: quoted, in brackets, or as a bare list. */
function allowedIn(rest: string): readonly string[] {
  const [sentence = ''] = rest
    .replace(/[、，]/gu, ', ')
    .replace(/^[.\s]{1,3}/u, '')
    .split(/\.(?:\s|$)|\n|, received /u);
  const [, only] = /Only the default \(([^)\n]{1,40})\)/iu.exec(sentence) ?? [];
  if (only !== undefined) return [only];
  const words = sentence.replace(/\([^)]{0,40}\)/gu, '');
  const quoted = listOfValues(words);
  if (quoted.length > 0) return quoted;
  const [, list = words] =
    /(?:are|is|of|to|:|为|是)\s{0,2}([\w.+-]{1,40}(?:(?:, ?| and | or |, and |, or | ?\| ?| )[\w.+-]{1,40}){0,12})\s*$/u.exec(
      words,
    ) ?? [];
  return list.split(/[\s,|]+/u).filter((word) => /^[\w.+-]{1,40}$/u.test(word) && !/^(?:and|or)$/u.test(word));
}
