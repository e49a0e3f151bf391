import { countedThing, isAnswerLimit, isBeyondRange, isSampling, meaningsOf } from './codes.ts';
import type { CodeMeaning } from './codes.ts';
import { termsAround } from './condition.ts';
import type { Terms } from './condition.ts';
import { listOfValues } from './failure-document.ts';
import type { FailureDocument, Fault } from './failure-document.ts';
import { fieldPath, namesOf } from './field-path.ts';
import { readLengths } from './read-lengths.ts';
import { countSentences } from './sentences/counts.ts';
import { fieldSentences } from './sentences/fields.ts';
import { lengthSentences } from './sentences/lengths.ts';
import { formSentences, refusalSentences } from './sentences/requests.ts';
import { valueSentences } from './sentences/values.ts';
import type { Saying, Sentence } from './sentences/sentence.ts';
import type { UpstreamCause } from './upstream-cause.ts';

/**
 * Why the request itself was refused; undefined where the document does not say that it was, or says nothing that
 * is known. A limit in time is none: only a request that is more than a whole minute allows is refused for good.
 */
export function readRefusal(
  document: FailureDocument,
  meanings: ReadonlySet<CodeMeaning>,
  status: number,
): UpstreamCause | undefined {
  const says = (...sayings: readonly Saying[]) => findSaying(document, sayings) !== undefined;
  if (status === 402) return says('affordable', 'overflow') ? readLengths(document, meanings) : undefined;
  if (status === 429 || status === 413) {
    if (says('more-than-a-minute')) return readLengths(document, meanings);
  }
  if (status === 403 || status === 409 || status === 429) return undefined;
  return (
    readLongText(document) ??
    readFaults(document, meanings) ??
    readSentence(document, countSentences) ??
    readSentence(document, formSentences) ??
    readSentence(document, valueSentences) ??
    readLengths(document, meanings) ??
    readSentence(document, fieldSentences) ??
    readBareValue(document) ??
    readSentence(document, refusalSentences) ??
    (meanings.has('schema') ? { kind: 'schema-rejected', keyword: undefined, path: undefined } : undefined) ??
    (meanings.has('model-unknown') || isAboutModel(document, status) ? { kind: 'model-unknown' } : undefined)
  );
}

/** A server that knows the path, and speaks of a model that it does not have. */
function isAboutModel({ texts }: FailureDocument, status: number): boolean {
  return status === 404 && texts.some((text) => /model/iu.test(text));
}

/** One text that is too long: a part of the history can be made shorter, the description of a tool cannot. */
function readLongText(document: FailureDocument): UpstreamCause | undefined {
  const found = findSaying(document, ['text-too-long']);
  const fault = document.faults.find(({ codes }) => meaningsOf(codes).has('text-too-long'));
  if (found === undefined && fault === undefined) return undefined;
  const path = fault?.path ?? fieldPath(found?.['path']) ?? document.faults[0]?.path;
  const isHistory =
    path === undefined
      ? document.texts.some((text) => historyWords.test(text))
      : /^(?:messages(?:$|\.|\[[1-9]\d*\](?:\.content|$))|input|prompt)/u.test(path);
  return isHistory
    ? { kind: 'overflow', promptTokens: undefined, windowTokens: undefined, limitOf: 'model' }
    : { kind: 'refused', path };
}

const historyWords = /\b(?:prompt|input|messages?|conversation|context|query)\b|输入|消息|对话|上下文/iu;

/** Members that the document names, with a class beside them or for the whole of it. */
function readFaults(document: FailureDocument, meanings: ReadonlySet<CodeMeaning>): UpstreamCause | undefined {
  const { faults } = document;
  const being = (meaning: CodeMeaning) =>
    faults.filter(({ codes }) => {
      const own = meaningsOf(codes);
      return own.has(meaning) || (own.size === 0 && meanings.has(meaning));
    });
  const fields = being('field');
  if (fields.length > 0) return fieldsOf(fields, document);
  const outside = faults.find(({ path, codes }) => isSampling(path) && codes.some(isBeyondRange));
  if (outside !== undefined) {
    return { kind: 'value-rejected', path: outside.path, value: outside.value, allowed: outside.allowed };
  }
  const [value] = being('value').filter(({ path, allowed }) => allowed.length > 0 && !isAnswerLimit(path));
  if (value !== undefined) {
    return { kind: 'value-rejected', path: value.path, value: value.value, allowed: value.allowed };
  }
  const [count] = being('count').flatMap(({ path, maximum }) => {
    const what = countedThing(path);
    return what === undefined || maximum === undefined ? [] : [{ kind: 'count-exceeded', what, maximum } as const];
  });
  if (count !== undefined) return count;
  const [schema] = being('schema');
  if (schema !== undefined) return { kind: 'schema-rejected', keyword: keywordIn(schema), path: schema.path };
  return undefined;
}

/** The words beside the name of a field may say that it was refused under a condition alone, or for a value. */
function fieldsOf(fields: readonly Fault[], document: FailureDocument): UpstreamCause {
  const paths = [...new Set(fields.map(({ path }) => path))];
  const terms = paths.flatMap((path) => termsOf(namesOf(path).at(-1) ?? path, document.texts));
  const [path = ''] = paths;
  const value = terms.find((term) => term.value !== undefined)?.value;
  if (value !== undefined && paths.length === 1) return { kind: 'value-rejected', path, value, allowed: [] };
  if (!terms.some(({ isConditional }) => isConditional)) return { kind: 'field-rejected', paths };
  return readSentence(document, formSentences) ?? { kind: 'field-rejected', paths, isConditional: true };
}

function termsOf(name: string, texts: readonly string[]): readonly Terms[] {
  return texts.flatMap((text) => {
    const start = text.indexOf(name);
    return start === -1 ? [] : [termsAround(text, start, start + name.length)];
  });
}

/** A value that was refused without a word about others. */
function readBareValue({ faults }: FailureDocument): UpstreamCause | undefined {
  const bare = faults.find(({ codes, path }) => codes.includes('unsupported_value') && !isAnswerLimit(path));
  return bare === undefined
    ? undefined
    : { kind: 'value-rejected', path: bare.path, value: bare.value, allowed: bare.allowed };
}

function keywordIn({ text = '' }: Fault): string | undefined {
  const [groups] = matchesOf(
    text,
    formSentences.filter(({ says }) => says === 'schema'),
  );
  return groups?.['keyword'] ?? (groups?.['kind'] === undefined ? undefined : 'pattern');
}

type Groups = Readonly<Record<string, string | undefined>>;

/** The groups of the first sentence about lengths that says one of these. */
function findSaying({ texts }: FailureDocument, says: readonly Saying[]): Groups | undefined {
  for (const { pattern, unless } of lengthSentences.filter((row) => says.includes(row.says))) {
    for (const text of texts) {
      const match = unless?.test(text) === true ? null : pattern.exec(text);
      if (match !== null) return match.groups ?? {};
    }
  }
  return undefined;
}

/** The first sentence of the table that the document says, as a cause. */
function readSentence(document: FailureDocument, table: readonly Sentence[]): UpstreamCause | undefined {
  for (const sentence of table) {
    for (const text of document.texts) {
      if (sentence.unless?.test(text) === true || !sentence.pattern.test(text)) continue;
      const cause = causeOf(sentence, matchesOf(text, [sentence]), document, text);
      if (cause !== undefined) return cause;
    }
  }
  return undefined;
}

/** The groups of every place in which one of the sentences stands. */
function matchesOf(text: string, sentences: readonly Sentence[]): readonly Groups[] {
  return sentences.flatMap(({ pattern }) =>
    [...text.matchAll(new RegExp(pattern.source, `${pattern.flags}g`))].map(({ groups = {} }) => groups),
  );
}

function causeOf(
  sentence: Sentence,
  matches: readonly Groups[],
  document: FailureDocument,
  text: string,
): UpstreamCause | undefined {
  const [groups = {}] = matches;
  const { says } = sentence;
  switch (says) {
    case 'field':
      return fieldRejected(sentence, matches, text, document);
    case 'value':
      return valueRejected(sentence, groups, document);
    case 'count':
      return countExceeded(sentence, groups, document);
    case 'schema':
      return {
        kind: 'schema-rejected',
        keyword: groups['keyword'] ?? (groups['kind'] === undefined ? undefined : 'pattern'),
        path: fieldPath(groups['path']) ?? document.faults[0]?.path,
      };
    case 'messages in any order':
    case 'calls without tools':
    case 'forced choice while thinking':
    case 'thinking':
    case 'thinking with tools':
    case 'past reasoning':
      return { kind: 'form-rejected', form: says };
    case 'mistake':
      return { kind: 'refused', path: undefined };
    case 'model-unknown':
      return { kind: 'model-unknown' };
    case 'overflow':
    case 'answer-too-long':
    case 'more-than-a-minute':
    case 'affordable':
    case 'text-too-long':
    case 'account-empty':
    case 'rate-limited':
    case 'overloaded':
    case 'credential':
    case 'content-refused':
      return undefined;
  }
}

function fieldRejected(
  sentence: Sentence,
  matches: readonly Groups[],
  text: string,
  { faults }: FailureDocument,
): UpstreamCause | undefined {
  const stated = matches.flatMap(({ path, paths, at }) => {
    if (at !== undefined) return [`${at}.${path ?? ''}`];
    return [...(path === undefined ? [] : [path]), ...(paths?.split(/, ?| and /u) ?? [])];
  });
  // "… - 'messages.0'": where the member stands.
  const [, place] = / - ['"`](messages\.\d{1,6})['"`]$/u.exec(text) ?? [];
  const paths = [...(sentence.path === undefined ? [] : [sentence.path]), ...stated].flatMap((path) => {
    const plain = fieldPath(path.replace(/['"`]/gu, '').replace(/[.:]$/u, ''));
    return plain === undefined ? [] : [place === undefined ? plain : (fieldPath(`${place}.${plain}`) ?? plain)];
  });
  // Some servers write the name into a member, and only the rest into the sentence.
  const beside = faults.flatMap((fault) => (fault.text?.trim() === text ? [fault.path] : []));
  const all = paths.length > 0 || stated.length > 0 ? paths : beside;
  const [first] = all;
  if (first === undefined) return undefined;
  const rejected = { kind: 'field-rejected', paths: [...new Set(all)] } as const;
  const terms = statedTerms(sentence, text);
  if (terms?.value !== undefined && rejected.paths.length === 1 && !isAnswerLimit(first)) {
    return { kind: 'value-rejected', path: first, value: terms.value, allowed: [] };
  }
  return terms?.isConditional === true ? { ...rejected, isConditional: true } : rejected;
}

/** The words around the place where the sentence names its field. */
function statedTerms({ pattern }: Sentence, text: string): Terms | undefined {
  const { path, paths } = new RegExp(pattern.source, `${pattern.flags}d`).exec(text)?.indices?.groups ?? {};
  const place = path ?? paths;
  return place === undefined ? undefined : termsAround(text, place[0], place[1]);
}

function valueRejected(sentence: Sentence, groups: Groups, { faults }: FailureDocument): UpstreamCause | undefined {
  const path = fieldPath(groups['path']) ?? faults[0]?.path ?? sentence.path;
  // Lengths are read elsewhere.
  if (path === undefined || namesOf(path).length === 0 || isAnswerLimit(path)) return undefined;
  const allowed = allowedIn(groups['allowed'] ?? announcedIn(groups['rest'] ?? ''));
  return { kind: 'value-rejected', path, value: groups['value'] === '' ? undefined : groups['value'], allowed };
}

const announcement =
  /(?:one of|only|expected|must be|可选值|取值范围|支持的值|应为)[为是:：\s]{0,3}(?<list>[^\n]{1,300})|(?:supported|allowed|valid|available|permitted|possible|accepted) (?:values?|types?|options?|levels?|efforts?)[^:\n]{0,40}?(?::| are| is)(?<named>[^\n]{1,300})/iu;

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

function countExceeded(
  sentence: Sentence,
  { what, maximum }: Groups,
  { faults, texts }: FailureDocument,
): UpstreamCause | undefined {
  const quoted = texts.flatMap((text) => /Invalid ['"`]([\w.[\]]{1,80})['"`]/iu.exec(text)?.[1] ?? []);
  const thing =
    what === undefined ? [...faults.map(({ path }) => path), ...quoted].map(countedThing)[0] : countedThing(what);
  if (thing === undefined) return undefined;
  return { kind: 'count-exceeded', what: thing, maximum: maximum === undefined ? sentence.maximum : numberOf(maximum) };
}

const numberWords: readonly string[] = ['zero', 'one', 'two', 'three', 'four', 'five', 'six'];

function numberOf(stated: string): number {
  const word = numberWords.indexOf(stated.toLowerCase());
  return word === -1 ? Number(stated) : word;
}
