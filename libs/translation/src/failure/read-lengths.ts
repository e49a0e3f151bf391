import { isAnswerLimit, meaningsOf } from './codes.ts';
import type { CodeMeaning } from './codes.ts';
import type { FailureDocument, Fault } from './failure-document.ts';
import { lengthSentences } from './sentences/lengths.ts';
import type { Saying } from './sentences/sentence.ts';
import { readTokenCounts } from './token-counts.ts';
import type { TokenCounts } from './token-counts.ts';
import type { LimitOwner, UpstreamCause } from './upstream-cause.ts';

/** A prompt that leaves less than this has to become shorter: nothing useful fits beside it. */
export const roomMinTokens = 1024;

/**
 * Whether the prompt does not fit, or the answer may not be that long: two things that servers tell in the same
 * sentences, so that the numbers decide. Undefined where the document is about neither.
 */
export function readLengths(document: FailureDocument, meanings: ReadonlySet<CodeMeaning>): UpstreamCause | undefined {
  const says = sayingsOf(document);
  const limited = document.faults.find(({ path }) => isAnswerLimit(path));
  const isAboutAnswer =
    says.has('answer-too-long') ||
    (limited !== undefined && (isTooLarge(limited.codes) || /\d/u.test(limited.text ?? '')) && !says.has('overflow'));
  const isAboutPrompt = says.has('overflow') || meanings.has('overflow');
  const isAboutBoth = says.has('more-than-a-minute') || says.has('affordable') || meanings.has('too-many-tokens');
  const members = { ...memberCounts(document, limited), ...faultCounts(limited) };
  if (!isAboutAnswer && !isAboutPrompt && !isAboutBoth && !isTooMuch(members)) return undefined;
  const counts = countsOf(document, members, isAboutAnswer && !isAboutPrompt);
  const isAccounts =
    says.has('more-than-a-minute') || counts.affordable !== undefined || document.codes.includes('402');
  return byCounts(counts, { isAboutAnswer, isAboutPrompt, limitOf: isAccounts ? 'account' : 'model' });
}

function isTooLarge(codes: readonly string[]): boolean {
  return meaningsOf(codes).has('number-too-large');
}

interface Subject {
  readonly isAboutAnswer: boolean;
  readonly isAboutPrompt: boolean;
  readonly limitOf: LimitOwner;
}

function byCounts(counts: TokenCounts, { isAboutAnswer, isAboutPrompt, limitOf }: Subject): UpstreamCause | undefined {
  const { window, prompt, total, asked, answerMax, possible, affordable } = counts;
  const overflow = { kind: 'overflow', promptTokens: prompt ?? total, windowTokens: window, limitOf } as const;
  const bounds = { askedTokens: asked, promptTokens: prompt, totalTokens: total, windowTokens: window, limitOf };
  const shorter = (possibleTokens: number | undefined, modelMaximum?: number): UpstreamCause => ({
    kind: 'answer-too-long',
    ...bounds,
    possibleTokens,
    modelMaximum,
  });
  if (affordable !== undefined) return affordable < roomMinTokens ? undefined : shorter(affordable);
  if (prompt !== undefined && window !== undefined && prompt + roomMinTokens > window) return overflow;
  if (possible !== undefined && isAboutAnswer) return possible < roomMinTokens ? undefined : shorter(possible);
  if (answerMax !== undefined && isAboutAnswer) return shorter(answerMax, answerMax);
  if (prompt !== undefined && window !== undefined) {
    return asked === undefined && !isAboutAnswer ? overflow : shorter(window - prompt);
  }
  const isSum = total !== undefined && window !== undefined && prompt === undefined;
  return asked !== undefined || isAboutAnswer || isSum || !isAboutPrompt ? shorter(undefined) : overflow;
}

type Counts = Partial<TokenCounts>;

/** A document without words may still hold the two numbers. */
function isTooMuch({ prompt = 0, window = Infinity, asked = 0, answerMax = Infinity }: Counts): boolean {
  return prompt > window || asked > answerMax;
}

/** What a validator says of the limit that it checked. */
function faultCounts(limited: Fault | undefined): Counts {
  if (limited === undefined) return {};
  const { value = '', maximum, codes } = limited;
  const most = isTooLarge(codes) ? maximum : undefined;
  return {
    ...(/^\d{1,9}$/u.test(value) ? { asked: Number(value) } : {}),
    ...(most === undefined ? {} : { answerMax: codes.includes('less_than') ? most - 1 : most }),
  };
}

function memberCounts({ numbers }: FailureDocument, limited: Fault | undefined): Counts {
  const member = (pattern: RegExp) => [...numbers].find(([name]) => pattern.test(name))?.[1];
  const limit = member(/^(?:limit|max|maximum|maxtokens?allowed)$/u);
  // A validator calls whatever it checks its input.
  const prompt =
    member(/^n?(?:prompt|input|messages)(?:tokens?|length|tokencount)$/u) ??
    (limited === undefined ? member(/^(?:prompt|input|messages)$/u) : undefined);
  return {
    window:
      member(
        /^(?:nctx|context(?:length|window|size|limit|tokens)?|max(?:imum)?(?:context|model|prompt|input|sequence)\w*)$/u,
      ) ?? (prompt === undefined ? undefined : limit),
    prompt,
    total: member(/^(?:total|requested)(?:tokens?)?$/u),
    asked: member(/^(?:requested)?(?:output|completion)(?:tokens?|length)?$/u),
    answerMax: member(/^max(?:imum)?(?:output|completion)\w*$/u),
  };
}

/** What the members and the sentences of a document say together; members count first. */
function countsOf({ texts, faults }: FailureDocument, members: Counts, isAboutAnswer: boolean): TokenCounts {
  const limited = faults.find(({ path }) => isAnswerLimit(path));
  // A validator calls whatever it checks its input.
  const isNamed = (text: string) => limited !== undefined && text === limited.text?.trim();
  const stated = texts.map((text) => {
    const input = isNamed(text) ? /\binput\b/giu : /\binput (?=should\b|must\b)/giu;
    return readTokenCounts(isAboutAnswer ? text.replace(input, 'max_tokens ') : text, isAboutAnswer);
  });
  const first = (of: (counts: Counts) => number | undefined) =>
    [members, ...stated].map(of).find((count) => count !== undefined);
  return {
    window: first(({ window }) => window),
    prompt: first(({ prompt }) => prompt),
    total: first(({ total }) => total),
    asked: first(({ asked }) => asked),
    answerMax: first(({ answerMax }) => answerMax),
    possible: first(({ possible }) => possible),
    affordable: first(({ affordable }) => affordable),
  };
}

/** Everything that the sentences of a document say. */
function sayingsOf({ texts }: FailureDocument): ReadonlySet<Saying> {
  const found = texts.flatMap((text) =>
    lengthSentences
      .filter(({ pattern, unless }) => unless?.test(text) !== true && pattern.test(text))
      .map(({ says }) => says),
  );
  return new Set(found);
}
