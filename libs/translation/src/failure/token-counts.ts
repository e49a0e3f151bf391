import { ofTheServer } from './condition.ts';
import { plainNumbers } from './plain-numbers.ts';
import { actual, lastClause, nearestName, roleOf, strictly, toNumber } from './token-roles.ts';
import type { Mention, Role } from './token-roles.ts';

/** What a server says of lengths, in tokens; undefined where it says nothing. */
export interface TokenCounts {
  /** The most that prompt and answer may have together. */
  readonly window: number | undefined;
  readonly prompt: number | undefined;
  /** Prompt and answer together, where the server names them in one number. */
  readonly total: number | undefined;
  /** What was asked for the answer. */
  readonly asked: number | undefined;
  /** The most that the model takes for any answer. */
  readonly answerMax: number | undefined;
  /** What this request may ask, by a condition that other requests may not meet. */
  readonly possible: number | undefined;
  /** What may be asked now, for a reason outside the model such as the credit that is left. */
  readonly affordable: number | undefined;
}

/**
 * Reads the numbers of a text by the words beside them, in English and Chinese: prompt, input, context, completion,
 * output, max and their relatives. `isAboutAnswer` says that the text is about the length of the answer, where its
 * own words do not.
 */
export function readTokenCounts(text: string, isAboutAnswer: boolean): TokenCounts {
  const found: (readonly [Role, number])[] = [];
  const rest = takeSums(plainNumbers(text), found);
  let before: Role | undefined = isAboutAnswer ? 'asked' : undefined;
  const mentions = mentionsIn(rest);
  for (const mention of mentions) {
    const role = roleOf(mention, before);
    if (role === undefined || (role === 'answerMax' && !isBelievable(mention, mentions))) continue;
    // Less than, not as much as.
    const value = mention.value - (strictly.test(mention.left) ? 1 : 0);
    found.push([role === 'answerMax' && isUnderCondition(mention) ? 'possible' : role, value]);
    before = role;
  }
  return summarise(found);
}

function summarise(found: readonly (readonly [Role, number])[]): TokenCounts {
  const all = (role: Role) => found.filter(([is]) => is === role).map(([, value]) => value);
  const windows = all('window');
  const asked = all('asked')[0];
  const total = all('total')[0];
  // Where a server names its limit twice, the smaller one is the safe one.
  const most = all('answerMax').toSorted((a, b) => a - b)[0];
  // "at least 8961" is no count, and a server may say the same number once more without these words.
  const counted = (value: number) => !all('atLeast').includes(value);
  const parts = all('part').filter(counted);
  const over = all('over')[0];
  const named = all('prompt').find(counted);
  // "Context length exceeded: 9000 tokens, max is 8192": the larger of two is what was sent.
  const promptParts = all('prompt').find(counted) ?? parts.reduce((sum, part) => sum + part, 0);
  const sent = Math.max(total ?? 0, promptParts + (asked ?? 0));
  // What prompt and answer exceed together, and the answer alone does not, limits both.
  const isOfBoth = most !== undefined && asked !== undefined && asked <= most && sent > most && windows.length === 0;
  const answerMax = isOfBoth ? undefined : most;
  const isPair =
    windows.length === 2 && named === undefined && parts.length + all('asked').length === 0 && total === undefined;
  const window = isOfBoth ? most : isPair ? Math.min(...windows) : windows[0];
  const prompt =
    named ??
    (isPair && Math.max(...windows) !== window ? Math.max(...windows) : undefined) ??
    (parts.length > 0 ? parts.reduce((sum, part) => sum + part, 0) : undefined) ??
    (total === undefined || asked === undefined || total <= asked ? undefined : total - asked) ??
    (window === undefined || over === undefined ? undefined : window + over);
  return {
    window,
    prompt,
    total,
    // What was requested, where nothing but the answer is limited.
    asked: asked ?? (window === undefined && answerMax !== undefined ? total : undefined),
    answerMax,
    possible: all('possible')[0],
    affordable: all('affordable')[0],
  };
}

const digits = String.raw`\d(?:[\d,_]{0,12}\d)?`;
const sum = new RegExp(String.raw`(${digits}) ?\+ ?(${digits}) ?[>≥]=? ?(${digits})`, 'u');
const comparison = new RegExp(String.raw`(?<![\w.])(${digits}) ?[>≥]=? ?(${digits})(?![\w.]\d)`, 'u');
/** `131072 < 140123`: a limit, and what is more than it. */
const lessThan = new RegExp(String.raw`(?<![\w.])(\d[\d,_]{3,12}) ?[<≤]=? ?(\d[\d,_]{3,12})(?![\w.]\d)`, 'u');
/** `140,512 / 131,072`: what was sent, and what may be. */
const share = new RegExp(String.raw`(?<![\w./])(\d[\d,_]{3,12}) ?/ ?(\d[\d,_]{3,12})(?![\w/])`, 'u');
const difference = new RegExp(String.raw`(${digits}) ?[>≥]=? ?(${digits}) ?[-−] ?(${digits})`, 'u');

/** Sums and comparisons say what each of their numbers is: `500 + 32000 > 8192`, `32000 > 8192 - 500`, `9 > 8`. */
function takeSums(text: string, found: (readonly [Role, number])[]): string {
  const take = (from: string, pattern: RegExp, roles: (before: string) => readonly Role[]) =>
    from.replace(pattern, (match: string, ...groups: (string | number)[]) => {
      const before = from.slice(0, from.indexOf(match));
      found.push(...roles(before).map((role, at) => [role, toNumber(String(groups[at]))] as const));
      return '; ';
    });
  const withoutSum = take(text, sum, () => ['prompt', 'asked', 'window']);
  const withoutDifference = take(withoutSum, difference, () => ['asked', 'window', 'prompt']);
  const withoutShare = take(withoutDifference, share, () => ['window', 'window']);
  const withoutLess = take(withoutShare, lessThan, (before) =>
    nearestName(lastClause(before.toLowerCase())) === 'answer' ? ['answerMax', 'asked'] : ['window', 'prompt'],
  );
  return take(withoutLess, comparison, (before) => {
    // The sum of what was named before: `9000 + 32000 = 41000 > 40960`.
    if (/= ?$/u.test(before)) return ['total', 'window'];
    return nearestName(lastClause(before.toLowerCase())) === 'answer' ? ['asked', 'answerMax'] : ['prompt', 'window'];
  });
}

/** Ranges, of which only the end counts; a half-open one ends one before it. */
const ranges: readonly (readonly [RegExp, number])[] = [
  [new RegExp(String.raw`[[(（【] ?${digits} ?[,，~-] ?(${digits}) ?[\]】]`, 'gu'), 0],
  [new RegExp(String.raw`[[(（] ?${digits} ?[,，] ?(${digits}) ?[)）]`, 'gu'), -1],
  [new RegExp(String.raw`from ${digits} \(inclusive\) to (${digits}) \(exclusive\)`, 'giu'), -1],
  [new RegExp(String.raw`(?:在|介于) ?${digits} ?[到至和与~-] ?(${digits})`, 'gu'), 0],
  [new RegExp(String.raw`(?:from|between) ${digits} (?:and|to) (${digits})`, 'giu'), 0],
  [new RegExp(String.raw`(?<![\w.])${digits} ?\.\.\.? ?=?(${digits})`, 'gu'), 0],
];

const rangeMark = '\u0001';
const numberPattern = new RegExp(`${rangeMark}?${digits}`, 'gu');

function mentionsIn(text: string): readonly Mention[] {
  const marked = ranges.reduce(
    (from, [pattern, change]) => from.replace(pattern, (_, end: string) => ` ${rangeMark}${toNumber(end) + change} `),
    text,
  );
  const found = [...marked.matchAll(numberPattern)].filter((match) => isCount(marked, match[0], match.index));
  // A code of the server, and not a count: "exceeds limit (2013)".
  const isCode = (match: RegExpExecArray) => found.length === 1 && /limit \($/iu.test(marked.slice(0, match.index));
  const numbers = found.filter((match) => !isCode(match) && !isOrdinal(marked, match));
  return numbers.map((match, at) => {
    const previous = numbers[at - 1];
    const start = previous === undefined ? 0 : previous.index + previous[0].length;
    const end = match.index + match[0].length;
    return {
      value: toNumber(match[0]),
      left: marked.slice(Math.max(start, match.index - 200), match.index).toLowerCase(),
      right: marked.slice(end, Math.min(numbers[at + 1]?.index ?? marked.length, end + 60)).toLowerCase(),
      endsRange: match[0].startsWith(rangeMark),
    };
  });
}

/** A small number behind a name is a part of it: `tier 1`, `plan 3`. */
function isOrdinal(text: string, { 0: number, index }: RegExpExecArray): boolean {
  if (toNumber(number) > 99 || number.startsWith(rangeMark)) return false;
  const [, word] =
    /(?<![\p{L}_])(\p{Script=Latin}{2,20})[ #:-]{1,2}$/u.exec(text.slice(Math.max(0, index - 24), index)) ?? [];
  return word !== undefined && !wordsOfCounts.test(word);
}

const wordsOfCounts =
  /^(?:is|are|was|be|of|to|at|than|by|and|or|only|just|about|most|least|exceed\w{0,3}|over|above|up|max\w{0,5}|min\w{0,5}|limit\w{0,3}|cap|allow\w{0,3}|support\w{0,3}|has|have|had|contains?|for|got|given|received|requested|asked|passed|provided|value|length|size|count|tokens?|total|afford|available|actual|first|requires?|required|equals?|in|from|as|generate)$/iu;

/**
 * Whether a maximum of the answer that leaves hardly any room is really one: a clear phrase right before it, and no
 * number beside it that could be it instead. Misread, it would cut every answer short.
 */
function isBelievable(mention: Mention, mentions: readonly Mention[]): boolean {
  if (mention.value >= leastTokens) return true;
  if (mention.value < shortestAnswer) return false;
  const isAlone = mentions.every(
    ({ value, left, right }) => value === mention.value || actual.test(left) || /^ (?:was|were) /u.test(right),
  );
  return isAlone && (mention.endsRange || stated.test(mention.left));
}

/** Whether the words after a limit say when it holds. Those about the model or the account hold always. */
function isUnderCondition({ left, right }: Mention): boolean {
  const words = right.replace(ofTheServer, ' ');
  return (
    /^[\s)`'"]{0,3}(?:(?:output |completion )?tokens? )?(?:is |are )?(?:when|while|if|unless|for|with|without|in|during)\b(?! (?:a |one |the |this |any |each |single )?(?:models?|request|response|answer|completion|output|plan|tier|account|key|users?|free)\b)/u.test(
      words,
    ) || /(?:^|[^a-z])(?:when|while|if|with|without|unless|in) [^,]{1,80},[^,]{0,60}$/u.test(left)
  );
}

const leastTokens = 1024;
/** No model is made for answers as short as this. */
const shortestAnswer = 16;
const stated =
  /(?:at most|up to|no more than|only|cap|<=?|≤|equal to|exceed(?:s|ed|ing)?|than|(?:max(?:imum)?|limit)(?: (?:value|number|length|allowed))?(?: (?:of|is))?|最多|最大|上限|超过|超出|大于|小于|等于)(?: the (?:max(?:imum)?|limit)(?: of)?)?[为是]?\W{0,3}$/u;

const otherUnits =
  /^\s?(?:characters?|chars?|bytes?|[kmg]i?b\b|pixels?|images?|image\(s\)|(?:milli)?seconds?|minutes?|hours?|days?|requests?|calls?|times|fold|x|%|percent|per ?cent|字符|张|个|倍|秒|分钟)(?![a-z])|^ ?\/ ?\d|^ ?[*×^]/iu;

/** Whether it counts tokens, and is no part of a name, a version, a time or a code. */
function isCount(text: string, number: string, index: number): boolean {
  const before = text.slice(Math.max(0, index - 24), index);
  const after = text.slice(index + number.length, index + number.length + 24);
  const value = toNumber(number);
  if (value < 1 || value > 100_000_000) return false;
  if (/[\w.#@/$]$|\w-$|\d:$/u.test(before) || /^(?:[a-z]{1,3}(?![a-z])|[a-z]\d|[_:.-]\d|-\w)/iu.test(after))
    return false;
  // A code, or a member that is said again.
  if (/(?:value ?=|status|code|error|https?|\bid)\W{0,3}$/iu.test(before)) return false;
  if (before.endsWith('<') && after.startsWith('>')) return false;
  return !otherUnits.test(after);
}
