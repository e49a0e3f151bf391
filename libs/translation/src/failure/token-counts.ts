import { plainNumbers } from './plain-numbers.ts';

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
  /** What may be asked now, for a reason outside the model such as the credit that is left. */
  readonly affordable: number | undefined;
}

/** What one number is about: `part` is a share of the prompt, `over` by how much a limit was exceeded. */
type Role = 'window' | 'prompt' | 'part' | 'asked' | 'answerMax' | 'affordable' | 'total' | 'over' | 'atLeast';

interface Mention {
  readonly value: number;
  /** The words between the number before and this one, and those between this one and the next. */
  readonly left: string;
  readonly right: string;
  /** Whether it is the end of a range. */
  readonly endsRange: boolean;
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
    found.push([role, mention.value - (strictly.test(mention.left) ? 1 : 0)]);
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
  const answerMax = all('answerMax').toSorted((a, b) => a - b)[0];
  // "at least 8961" is no count, and a server may say the same number once more without these words.
  const counted = (value: number) => !all('atLeast').includes(value);
  const parts = all('part').filter(counted);
  const over = all('over')[0];
  const named = all('prompt').find(counted);
  // "Context length exceeded: 9000 tokens, max is 8192": the larger of two is what was sent.
  const isPair =
    windows.length === 2 && named === undefined && parts.length + all('asked').length === 0 && total === undefined;
  const window = isPair ? Math.min(...windows) : windows[0];
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
    affordable: all('affordable')[0],
  };
}

const digits = String.raw`\d(?:[\d,_]{0,12}\d)?`;
const sum = new RegExp(String.raw`(${digits}) ?\+ ?(${digits}) ?[>≥]=? ?(${digits})`, 'u');
const comparison = new RegExp(String.raw`(?<![\w.])(${digits}) ?[>≥]=? ?(${digits})(?![\w.]\d)`, 'u');
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
  return take(withoutShare, comparison, (before) =>
    nearestName(lastClause(before.toLowerCase())) === 'answer' ? ['asked', 'answerMax'] : ['prompt', 'window'],
  );
}

/** Ranges, of which only the end counts; a half-open one ends one before it. */
const ranges: readonly (readonly [RegExp, number])[] = [
  [new RegExp(String.raw`[[(（【] ?${digits} ?[,，~-] ?(${digits}) ?[\]】]`, 'gu'), 0],
  [new RegExp(String.raw`[[(（] ?${digits} ?[,，] ?(${digits}) ?[)）]`, 'gu'), -1],
  [new RegExp(String.raw`from ${digits} \(inclusive\) to (${digits}) \(exclusive\)`, 'giu'), -1],
  [new RegExp(String.raw`(?:在|介于) ?${digits} ?[到至和与~-] ?(${digits})`, 'gu'), 0],
  [new RegExp(String.raw`(?:from|between) ${digits} (?:and|to) (${digits})`, 'giu'), 0],
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
  const isAlone = mentions.every(
    ({ value, left, right }) => value === mention.value || actual.test(left) || /^ (?:was|were) /u.test(right),
  );
  return isAlone && (mention.endsRange || stated.test(mention.left));
}

const leastTokens = 1024;
const stated =
  /(?:at most|up to|no more than|only|cap|<=?|≤|equal to|exceed(?:s|ed|ing)?|than|(?:max(?:imum)?|limit)(?: (?:value|number|length|allowed))?(?: (?:of|is))?|最多|最大|上限|超过|超出|大于|小于|等于)(?: the (?:max(?:imum)?|limit)(?: of)?)?[为是]?\W{0,3}$/u;

const otherUnits =
  /^\s?(?:characters?|chars?|bytes?|[kmg]i?b\b|pixels?|images?|image\(s\)|(?:milli)?seconds?|minutes?|hours?|days?|requests?|calls?|%|字符|张|个|秒|分钟)(?![a-z])/iu;

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

const names = {
  answer:
    /max(?:imum)?[ _-]?(?:completion|output|new|gen|generation|response)?[ _-]?to(?:ken|k)s?|max_length|num_predict|n_predict|outputs?|completions?|responses?|answers?|generate[ds]?|generation length|prediction|输出|生成|回答/gu,
  prompt:
    /[a-z_]{0,20}prompts?[a-z_]{0,20}|inputs?(?:_[a-z]{1,20})?|messages? (?:resulted|contain|ha[sd]|ha?ve)|request (?:contains?|ha[sd]|\()|n_keep|to keep|keep the first|tokens in (?:the |your )?request|request tokens|[a-z_]{0,10}prefill[a-z_]{0,20}|sequence of|conversation|history|输入|提示|消息/gu,
  window:
    /context|window|n_ctx|[a-z_]{0,10}seq(?:uence)?[ _]?len|[a-z_]{0,10}model[ _]?len|max_position|supported sequence|capacity(?=\W{1,3}$)|上下文|窗口/gu,
  total: /[a-z_]{0,20}total[a-z_]{0,20}|requested(?=\W{0,3}(?:about |up to |a total of )?$)|总/gu,
} as const;

type Name = keyof typeof names;

const limit =
  /max|limit|at most|up to|no more than|allowed|only|supports?|less than|less or equal|fewer than|lower than|smaller than|<|≤|exceed|greater than|longer than|larger than|bigger than|more than|over |above|>|upper bound|range|\bcap\b|最大|最多|上限|小于|等于|不能|不得|超过|超出|范围|限制/u;
/** The limit in its own name. */
const ownLimit =
  /max(?:imum)? (?:number of )?(?:output|completion|new|generated) tokens? (?:is|are|of|for [\w./:-]{1,60} is):? $/u;
const strictly = /(?:must|should|that is|to) (?:be |have )?(?:less|fewer|lower|smaller) than \W{0,2}$|小于\W{0,2}$/u;
const actual = /(?:received|got|given|passed|provided|actual|收到|实际)\W{0,3}$/u;

function roleOf(mention: Mention, before: Role | undefined): Role | undefined {
  const { value, left, right, endsRange } = mention;
  if (/at least \W{0,3}$/u.test(left)) return value > 1 ? 'atLeast' : undefined;
  if (/(?:exceeded|over|overflow\w{0,5}|longer)[^.;]{0,40} by \W{0,2}(?:about )?$/u.test(left)) return 'over';
  if (/afford(?: at most| up to| only)?\W{0,3}$/u.test(left)) return 'affordable';
  if (/requires an? (?:sequence|context) length of $/u.test(left)) return 'total';
  if (/required\W{0,3}$/u.test(left) && /^ (?:tokens? )?available/u.test(right)) return 'affordable';
  const clause = lastClause(left);
  const isMost = endsRange || ((limit.test(withoutNames(clause)) || ownLimit.test(clause)) && !actual.test(left));
  // A range of something else has an end, too.
  const name = nearestName(clause) ?? (isMost ? nearestName(left) : undefined);
  return roleByRight(right, isMost) ?? roleByName(name, clause, isMost) ?? roleByOrder(mention, before, isMost);
}

/** `123 in the messages`, `123 output tokens`, "123 `max_new_tokens`". */
function roleByRight(right: string, isMost: boolean): Role | undefined {
  if (/^[\s)]{0,2}(?:tokens? )?(?:maximum|max) (?:context|model|sequence)/u.test(right)) return 'window';
  const unit =
    /^[\s`'"]{0,3}(?:tokens? )?(?:(?:of|in|from|for|to) )?(?:the |your )?(?:text |tool |image |audio )?([a-z_]{3,30})/u.exec(
      right,
    );
  const word = unit?.[1] ?? '';
  if (/^(?:inputs?|prompt|messages?|functions?|tools?)$/u.test(word)) return isMost ? 'window' : 'part';
  if (/^(?:output|completion|response|answer|generat|max_new|max_tokens|max_completion|new$)/u.test(word)) {
    return isMost ? 'answerMax' : 'asked';
  }
  return undefined;
}

function roleByName(name: Name | undefined, clause: string, isMost: boolean): Role | undefined {
  switch (name) {
    case 'answer':
      // A limit of the two together.
      if (isMost && clause.search(names.prompt) !== -1 && /\+|plus| and |和|与/u.test(clause)) return 'window';
      return isMost ? 'answerMax' : 'asked';
    case 'prompt':
      return isMost ? 'window' : 'prompt';
    case 'window':
      return 'window';
    case 'total':
      if (!isMost && clause.search(names.answer) !== -1 && clause.search(names.prompt) === -1) return 'asked';
      return isMost && !/requested\W{0,3}(?:about |up to |a total of )?$/u.test(clause) ? 'window' : 'total';
    case undefined:
      return undefined;
  }
}

/** A number without a name of its own is the other side of the one before. */
function roleByOrder({ left, right }: Mention, before: Role | undefined, isMost: boolean): Role | undefined {
  const isAnswer = before === 'asked' || before === 'answerMax';
  if (isMost) return isAnswer || /^[^.]{0,50}(?:output|completion) tokens/u.test(right) ? 'answerMax' : 'window';
  if (!actual.test(left) && !/(?:is|was|length|of|长度|为)\W{0,3}$/u.test(left)) return undefined;
  if (isAnswer) return 'asked';
  return before === undefined || before === 'window' ? 'prompt' : undefined;
}

/** The words since the last break of the sentence, without what stands in brackets. */
function lastClause(left: string): string {
  const flat = left.replace(/\([^()]{0,80}\)/gu, ' ');
  const at = Math.max(
    -1,
    ...[...flat.matchAll(/(?:[.;] |[(:：;。；])(?=[^\p{L}]{0,4}\p{L})/gu)].map(({ index }) => index),
  );
  return flat.slice(at + 1);
}

function nearestName(words: string): Name | undefined {
  const ends = nameKinds.map((name) => {
    const last = [...words.matchAll(names[name])].at(-1);
    return { name, end: last === undefined ? -1 : last.index + last[0].length };
  });
  const [nearest] = ends.toSorted((a, b) => b.end - a.end);
  return nearest === undefined || nearest.end === -1 ? undefined : nearest.name;
}

const nameKinds: readonly Name[] = ['window', 'total', 'prompt', 'answer'];

/** So that the `max` of `max_tokens` is no limit. */
function withoutNames(words: string): string {
  return nameKinds.reduce((rest, name) => rest.replace(names[name], ' '), words);
}

function toNumber(text: string): number {
  return Number(text.replace(/[^\d]/gu, ''));
}
