import { countedThing, isAnswerLimit, isBeyondRange, isSampling, meaningsOf } from './codes.ts';
import type { CodeMeaning } from './codes.ts';
import { termsAround } from './condition.ts';
import type { Terms } from './condition.ts';
import type { FailureDocument, Fault } from './failure-document.ts';
import { namesOf } from './field-path.ts';
import { rangeIn } from './number-range.ts';
import { matchesOf, readSentence } from './read-sentence.ts';
import { formSentences } from './sentences/requests.ts';
import type { UpstreamCause } from './upstream-cause.ts';

/** Members that the document names, with a class beside them or for the whole of it. */
export function readFaults(document: FailureDocument, meanings: ReadonlySet<CodeMeaning>): UpstreamCause | undefined {
  const { faults } = document;
  const being = (meaning: CodeMeaning) =>
    faults.filter(({ codes }) => {
      const own = meaningsOf(codes);
      return own.has(meaning) || (own.size === 0 && meanings.has(meaning));
    });
  const fields = being('field');
  if (fields.length > 0) return fieldsOf(fields, document);
  const outside = faults.find(({ path, codes }) => isSampling(path) && codes.some(isBeyondRange));
  if (outside !== undefined) return outOfRange(outside, document);
  const [value] = being('value').filter(({ path, allowed }) => allowed.length > 0 && !isAnswerLimit(path));
  if (value !== undefined) {
    return { kind: 'value-rejected', path: value.path, value: value.value, allowed: value.allowed };
  }
  const [count] = [...being('count'), ...faults.filter(isTooBig)].flatMap(({ path, maximum }) => {
    const what = countedThing(path);
    return what === undefined || maximum === undefined ? [] : [{ kind: 'count-exceeded', what, maximum } as const];
  });
  if (count !== undefined) return count;
  const [schema] = being('schema');
  if (schema !== undefined) return { kind: 'schema-rejected', keyword: keywordIn(schema), path: schema.path };
  return undefined;
}

/** The code without its type is one of numbers and of lists. */
function isTooBig({ codes, path }: Fault): boolean {
  return codes.includes('too_big') && codes.length === 1 && /^(?:tools|messages|stop\w{0,10})$/u.test(path);
}

/** A number out of its range, by the terms of the validator or by its words. */
function outOfRange({ path, value, allowed, range, text }: Fault, { texts }: FailureDocument): UpstreamCause {
  const found = range ?? [text ?? '', ...texts].map((words) => rangeIn(words)).find((is) => is !== undefined);
  return { kind: 'value-rejected', path, value, allowed, ...(found === undefined ? {} : { range: found }) };
}

/** The words beside the name of a field may say that it was refused under a condition alone, or for a value. */
function fieldsOf(fields: readonly Fault[], document: FailureDocument): UpstreamCause {
  const paths = [...new Set(fields.map(({ path }) => path))];
  const terms = paths.flatMap((path) => termsOf(namesOf(path).at(-1) ?? path, document.texts));
  const [path = ''] = paths;
  const value = terms.find((term) => term.value !== undefined)?.value;
  if (value !== undefined && paths.length === 1 && !isAnswerLimit(path)) {
    return { kind: 'value-rejected', path, value, allowed: [] };
  }
  const when = terms.find((term) => term.when.length > 0)?.when;
  if (when === undefined) return { kind: 'field-rejected', paths };
  return readSentence(document, formSentences) ?? { kind: 'field-rejected', paths, when };
}

function termsOf(name: string, texts: readonly string[]): readonly Terms[] {
  return texts.flatMap((text) => {
    const start = text.indexOf(name);
    return start === -1 ? [] : [termsAround(text, start, start + name.length)];
  });
}

/** A member that was refused without a word that says more: its value, or the whole of it. */
export function readBareFault(document: FailureDocument): UpstreamCause | undefined {
  const has = (fault: Fault, ...bare: readonly string[]) => fault.codes.some((code) => bare.includes(code));
  const open = document.faults.filter(({ path }) => !isAnswerLimit(path));
  const value = open.find(
    (fault) =>
      has(fault, 'unsupported_value', ...invalidCodes) || (has(fault, ...bareCodes) && fault.allowed.length > 0),
  );
  if (value !== undefined) {
    return { kind: 'value-rejected', path: value.path, value: value.value, allowed: value.allowed };
  }
  const fields = open.filter((fault) => has(fault, ...bareCodes));
  return fields.length === 0 ? undefined : fieldsOf(fields, document);
}

/** Codes that many servers use for whatever they do not support. */
/** Codes of servers that say no more of a value than that they do not take it. */
const invalidCodes = ['invalidparameter', 'invalid_parameter'];
const bareCodes = ['unsupported', 'not_supported'];

function keywordIn({ text = '' }: Fault): string | undefined {
  const [groups] = matchesOf(
    text,
    formSentences.filter(({ says }) => says === 'schema'),
  );
  return groups?.['keyword'] ?? (groups?.['kind'] === undefined ? undefined : 'pattern');
}
