import type { HeaderList } from '@ccg/wire';
import { meaningsOf } from './codes.ts';
import type { CodeMeaning } from './codes.ts';
import { readFailureDocument } from './failure-document.ts';
import type { FailureDocument } from './failure-document.ts';
import { readRefusal } from './read-refusal.ts';
import { readResetTime, readRetryAfterSeconds, readStatedWaitSeconds, retryAfterMaxSeconds } from './retry-after.ts';
import { accountSentences } from './sentences/accounts.ts';
import type { Saying } from './sentences/sentence.ts';
import type { MissingPermission, UpstreamCause } from './upstream-cause.ts';

/** What an upstream sent instead of an answer. A failure inside an answer has the status 200. */
export interface FailedAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  /** Unicode text. */
  readonly body: string;
}

/** A failure that was read: once, for all that is done about it. */
export interface FailureReading {
  readonly cause: UpstreamCause;
  /** The upstream's status, or the one that it would have had, had it come in time. */
  readonly status: number;
  /** The type of the error by its own name. */
  readonly type: string | undefined;
  /** What the upstream calls the failure: its code, or its type; never a sentence. */
  readonly name: string | undefined;
  /** The upstream's own words; undefined when it has none. */
  readonly message: string | undefined;
  /** Whether it has the form that the Anthropic API gives to errors. */
  readonly isEnvelope: boolean;
}

/** The one reader of failures: structure first, sentences second. */
export function readFailure({ status: sent, headers, body }: FailedAnswer): FailureReading {
  const document = readFailureDocument(body);
  const meanings = meaningsOf(document.codes);
  const says = sayingsOf(document);
  const status = statusOf(sent, { document, meanings, says });
  const cause = causeOf({ status, headers, document, meanings, says });
  const { type, name, message, isEnvelope } = document;
  return { cause, status, type, name, message, isEnvelope };
}

interface Evidence {
  readonly status: number;
  readonly headers: HeaderList;
  readonly document: FailureDocument;
  readonly meanings: ReadonlySet<CodeMeaning>;
  /** What its sentences say of account, limits and credential. */
  readonly says: ReadonlySet<Saying>;
}

function causeOf(evidence: Evidence): UpstreamCause {
  const { status, document, meanings, says } = evidence;
  const wait = { retryAfterSeconds: waitOf(evidence) };
  if (status === 401) return { kind: 'credential' };
  if (status === 408 || status === 504) return { kind: 'timed-out', ...wait };
  const refusal = readRefusal(document, meanings, status);
  if (refusal !== undefined) return refusal;
  // Google and xAI say so with 400, and a router in front of a provider with 500.
  if (status === 400 && saysCredential(evidence)) return { kind: 'credential' };
  if (isAccountEmpty(evidence)) {
    return { kind: 'account-empty', resetsAt: readResetTime(document) };
  }
  if (status === 429) return { kind: 'rate-limited', ...wait };
  // Only what a prompt says is the client's; everything else is not permitted to the gateway's account.
  if (status === 403 && meanings.has('model-unknown')) return { kind: 'model-unknown' };
  const isContentRefused = says.has('content-refused') || meanings.has('content-refused');
  if (status === 403 && !isContentRefused) {
    const lacks = missingPermission(document, meanings);
    return { kind: 'credential', ...(lacks === undefined ? {} : { lacks }) };
  }
  if (status >= 400 && status < 500 && !isOfServer(status)) return { kind: 'refused', path: undefined };
  const isBusy = status === 503 || status === 529 || says.has('overloaded') || meanings.has('overloaded');
  if (!isBusy && saysCredential(evidence)) return { kind: 'credential' };
  return { kind: isBusy ? 'overloaded' : 'broken', ...wait };
}

/** Statuses of clients with which servers tell failures of their own: TGI of a generation (424), Groq of its capacity (498). */
function isOfServer(status: number): boolean {
  return status === 424 || status === 498;
}

function saysCredential({ meanings, says }: Evidence): boolean {
  return meanings.has('credential') || says.has('credential');
}

function missingPermission(
  { texts }: FailureDocument,
  meanings: ReadonlySet<CodeMeaning>,
): MissingPermission | undefined {
  const says = (pattern: RegExp) => texts.some((text) => pattern.test(text));
  if (meanings.has('api-disabled') || says(/\bAPI has not been used in project\b/u)) return 'api';
  const isAboutProject = says(
    /denied on resource (?:project |'\/\/[\w.]{1,80}\/projects\/)|permission to use project\b/iu,
  );
  return meanings.has('project-denied') || isAboutProject ? 'project' : undefined;
}

/** An account is empty by its code, or by a sentence, unless the document itself says that a short wait is enough. */
function isAccountEmpty({ status, document, meanings, says }: Evidence): boolean {
  if (status === 402 || meanings.has('account-empty')) return true;
  if (document.codes.some((code) => code.includes('perday'))) return true;
  const isShort = status === 429 && (readStatedWaitSeconds(document) ?? Infinity) <= retryAfterMaxSeconds;
  // A gateway may tell a plan that is used up as a server that failed, or is not there.
  const isBusy = status >= 500 && (says.has('overloaded') || meanings.has('overloaded'));
  return says.has('account-empty') && !isBusy && !isShort;
}

function waitOf({ headers, document }: Evidence): number | undefined {
  return readRetryAfterSeconds([...headers, ...document.headers]) ?? readStatedWaitSeconds(document);
}

function sayingsOf({ texts }: FailureDocument): ReadonlySet<Saying> {
  return new Set(
    texts.flatMap((text) =>
      accountSentences
        .filter(({ pattern, unless }) => pattern.test(text) && unless?.test(text) !== true)
        .map(({ says }) => says),
    ),
  );
}

/** A failure inside an answer, and one that a proxy wraps into its own, name their status in the document. */
function statusOf(
  status: number,
  { document, meanings, says }: Pick<Evidence, 'document' | 'meanings' | 'says'>,
): number {
  if (status === 400 && document.texts.some((text) => tooLarge.test(text))) return 413;
  if (status >= 300 && status < 500) return status;
  const named = document.codes.map(Number).filter((code) => Number.isInteger(code) && code >= 400 && code <= 599);
  const refusal = named.find((code) => code < 500);
  if (refusal !== undefined) return refusal;
  if (status >= 500) return status;
  return named[0] ?? statusByMeaning(meanings) ?? statusBySaying(says);
}

/** A body that is too large, as servers say it that have no 413 for it: the client makes it smaller. */
const tooLarge =
  /\b(?:request|payload|entity|body)(?: (?:payload|entity|body))?(?: size)? (?:(?:is )?too large\b(?! for)|exceed(?:s|ed) (?:the )?(?:max(?:imum)?|limit|size)[^\n]{0,40}(?:bytes|[kmg]i?b\b))/iu;

function statusBySaying(says: ReadonlySet<Saying>): number {
  if (says.has('rate-limited') || says.has('account-empty')) return 429;
  return says.has('credential') ? 401 : 500;
}

const meaningStatus: readonly (readonly [CodeMeaning, number])[] = [
  ['overloaded', 529],
  ['rate-limited', 429],
  ['account-empty', 429],
  ['credential', 401],
  ['overflow', 400],
  ['invalid-request', 400],
  ['model-unknown', 404],
  ['not-found', 404],
];

function statusByMeaning(meanings: ReadonlySet<CodeMeaning>): number | undefined {
  return meaningStatus.find(([meaning]) => meanings.has(meaning))?.[1];
}
