import { meaningsOf } from './codes.ts';
import type { CodeMeaning } from './codes.ts';
import type { FailureDocument } from './failure-document.ts';
import { fieldPath } from './field-path.ts';
import { readCount } from './read-counts.ts';
import { readBareFault, readFaults } from './read-faults.ts';
import { readLengths } from './read-lengths.ts';
import { readFields, readSentence } from './read-sentence.ts';
import { readSchema, readSchemaFault } from './read-schemas.ts';
import { countSentences } from './sentences/counts.ts';
import { lengthSentences } from './sentences/lengths.ts';
import { formSentences, refusalSentences } from './sentences/requests.ts';
import { valueSentences } from './sentences/values.ts';
import type { Saying } from './sentences/sentence.ts';
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
    readSchema(document) ??
    readLengths(document, meanings) ??
    readFields(document) ??
    readCount(document) ??
    readBareFault(document) ??
    readSchemaFault(document) ??
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

/** The groups of the first sentence about lengths that says one of these. */
function findSaying(
  { texts }: FailureDocument,
  says: readonly Saying[],
): Readonly<Record<string, string | undefined>> | undefined {
  for (const { pattern, unless } of lengthSentences.filter((row) => says.includes(row.says))) {
    for (const text of texts) {
      const match = unless?.test(text) === true ? null : pattern.exec(text);
      if (match !== null) return match.groups ?? {};
    }
  }
  return undefined;
}
