import { isAnswerLimit, meaningsOf } from './codes.ts';
import type { CodeMeaning } from './codes.ts';
import type { FailureDocument, Fault } from './failure-document.ts';
import { otherFaults } from './sentences/answers.ts';
import { lengthSentences } from './sentences/lengths.ts';
import { otherThings } from './sentences/other-things.ts';
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
  if (!isAboutAnswer && !isAboutPrompt && !isAboutBoth && !isTooMuch(members)) return byNumbers(document);
  const counts = countsOf(
    document,
    { ...sizeCounts(document, meanings), ...defined(members) },
    isAboutAnswer && !isAboutPrompt,
  );
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

/**
 * What no sentence of the table says may still be clear from the numbers of a text: more than a limit that stands
 * beside it, or a limit of the answer alone.
 */
function byNumbers({ texts }: FailureDocument): UpstreamCause | undefined {
  for (const text of texts) {
    if (otherThings.test(text) || otherFaults.test(text)) continue;
    const counts = readTokenCounts(text, false);
    const { window = Infinity, prompt = 0, total = 0, asked = 0, answerMax, possible } = counts;
    const isPrompt = window >= roomMinTokens && Math.max(prompt + asked, total) > window;
    const isAnswer = asked > (answerMax ?? Infinity) || (asked === 0 && (answerMax ?? possible ?? 0) >= roomMinTokens);
    if (!isPrompt && !(isAnswer && answerName.test(text))) continue;
    return byCounts(counts, { isAboutAnswer: isAnswer, isAboutPrompt: isPrompt, limitOf: 'model' });
  }
  return undefined;
}

const answerName =
  /max(?:imum)?[ _-]?(?:completion|output|new|gen|generation)?[ _-]?to(?:ken|k)s?(?![a-z])|(?:output|completion|generation)[ _](?:tokens?|length|limit)|(?:输出|生成|回答)/iu;

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

/** A document whose code says that the prompt is too long may call its length anything. */
function sizeCounts({ numbers }: FailureDocument, meanings: ReadonlySet<CodeMeaning>): Counts {
  if (!meanings.has('overflow')) return {};
  const [, size] =
    [...numbers].find(([name]) => /^(?:actual|current|received|got|size|length|tokens?)$/u.test(name)) ?? [];
  const [, limit] = [...numbers].find(([name]) => /^(?:limit|max|maximum|allowed)$/u.test(name)) ?? [];
  return size === undefined || limit === undefined || size <= limit ? {} : { prompt: size, window: limit };
}

function defined(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined));
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
