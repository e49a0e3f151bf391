import { countedThing, isAnswerLimit } from './codes.ts';
import { circumstancesAround, termsAround } from './condition.ts';
import type { Terms } from './condition.ts';
import type { FailureDocument } from './failure-document.ts';
import { fieldPath } from './field-path.ts';
import { countOf } from './read-counts.ts';
import { valueRejected } from './read-value.ts';
import { fieldSentences } from './sentences/fields.ts';
import type { Sentence } from './sentences/sentence.ts';
import type { UpstreamCause } from './upstream-cause.ts';

type Groups = Readonly<Record<string, string | undefined>>;

/** The first sentence of the table that the document says, as a cause. */
export function readSentence(document: FailureDocument, table: readonly Sentence[]): UpstreamCause | undefined {
  for (const sentence of table) {
    for (const text of document.texts) {
      if (sentence.unless?.test(text) === true || !sentence.pattern.test(text)) continue;
      const cause = causeOf(sentence, matchesOf(text, [sentence]), document, text);
      if (cause !== undefined) return cause;
    }
  }
  return undefined;
}

/** The fields that the document's sentences name: one server names all of them in one, another each in its own. */
export function readFields(document: FailureDocument): UpstreamCause | undefined {
  const found = document.texts.flatMap((text) => {
    const cause = readSentence({ ...document, texts: [text] }, fieldSentences);
    return cause === undefined ? [] : [cause];
  });
  const [first] = found;
  if (first?.kind !== 'field-rejected' || first.when !== undefined) return first;
  const paths = found.flatMap((cause) =>
    cause.kind === 'field-rejected' && cause.when === undefined ? cause.paths : [],
  );
  return { kind: 'field-rejected', paths: [...new Set(paths)] };
}

/** The groups of every place in which one of the sentences stands. */
export function matchesOf(text: string, sentences: readonly Sentence[]): readonly Groups[] {
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
      return valueRejected(sentence, text, document);
    case 'count':
      return countExceeded(sentence, groups, document, text);
    case 'schema':
      return {
        kind: 'schema-rejected',
        keyword: groups['keyword'] ?? (groups['kind'] === undefined ? undefined : 'pattern'),
        path: fieldPath(groups['path']) ?? document.faults[0]?.path,
      };
    case 'answers in one piece':
    case 'messages in any order':
    case 'calls without tools':
    case 'forced choice while thinking':
    case 'thinking':
    case 'thinking with tools':
    case 'past reasoning':
    case 'history without reasoning':
    case 'calls without text':
    case 'system messages':
    case 'system messages between turns':
    case 'reasoning in messages':
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
  if (sentence.when !== undefined) return { ...rejected, when: sentence.when };
  const terms = statedTerms(sentence, text);
  if (terms?.value !== undefined && rejected.paths.length === 1 && !isAnswerLimit(first)) {
    return { kind: 'value-rejected', path: first, value: terms.value, allowed: [] };
  }
  return terms === undefined || terms.when.length === 0 ? rejected : { ...rejected, when: terms.when };
}

/** The words around the place where the sentence names its field. */
function statedTerms({ pattern }: Sentence, text: string): Terms | undefined {
  const { path, paths } = new RegExp(pattern.source, `${pattern.flags}d`).exec(text)?.indices?.groups ?? {};
  const place = path ?? paths;
  return place === undefined ? undefined : termsAround(text, place[0], place[1]);
}

function countExceeded(
  sentence: Sentence,
  { what, maximum }: Groups,
  { faults, texts }: FailureDocument,
  text: string,
): UpstreamCause | undefined {
  const quoted = texts.flatMap((text) => /Invalid ['"`]([\w.[\]]{1,80})['"`]/iu.exec(text)?.[1] ?? []);
  const named = what ?? sentence.path;
  const thing =
    named === undefined ? [...faults.map(({ path }) => path), ...quoted].map(countedThing)[0] : countedThing(named);
  if (thing === undefined) return undefined;
  const { index, 0: said } = sentence.pattern.exec(text) ?? { index: 0, 0: '' };
  const when = circumstancesAround(text, index, index + said.length);
  return {
    kind: 'count-exceeded',
    what: thing,
    maximum: maximum === undefined ? sentence.maximum : countOf(maximum),
    ...(when.length === 0 ? {} : { when }),
  };
}
