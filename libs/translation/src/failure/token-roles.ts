/** What one number is about: `part` is a share of the prompt, `over` by how much a limit was exceeded. */
export type Role =
  | 'window'
  | 'prompt'
  | 'part'
  | 'asked'
  | 'answerMax'
  | 'possible'
  | 'affordable'
  | 'total'
  | 'over'
  | 'atLeast';

export interface Mention {
  readonly value: number;
  /** The words between the number before and this one, and those between this one and the next. */
  readonly left: string;
  readonly right: string;
  /** Whether it is the end of a range. */
  readonly endsRange: boolean;
}

const names = {
  answer:
    /max(?:imum)?[ _-]?(?:completion|output|new|gen|generation|response)?[ _-]?to(?:ken|k)s?|max_length|num_predict|n_predict|outputs?|completions?|responses?|answers?|generate[ds]?|generation length|prediction|输出|生成|回答/gu,
  prompt:
    /[a-z_]{0,20}prompts?[a-z_]{0,20}|inputs?(?:_[a-z]{1,20})?|messages? (?:resulted|contain|ha[sd]|ha?ve)|request (?:contains?|ha[sd]|\()|n_keep|to keep|keep the first|tokens in (?:the |your )?request|request tokens|[a-z_]{0,10}prefill[a-z_]{0,20}|sequence of|messages? (?:add|come|amount|sum)s?|conversation|history|输入|提示|消息/gu,
  window:
    /context|window|n(?:um)?_ctx|[a-z_]{0,10}seq(?:uence)?[ _]?len|[a-z_]{0,10}model[ _]?len|max_position|supported sequence|capacity(?=\W{1,3}$)|上下文|窗口/gu,
  total: /[a-z_]{0,20}total[a-z_]{0,20}|requested(?=\W{0,3}(?:about |up to |a total of )?$)|总/gu,
} as const;

type Name = keyof typeof names;

const limit =
  /max|limit|at most|up to|accepts?|takes?|handles?|capped|bounds?|no more than|allowed|only|supports?|less than|less or equal|fewer than|lower than|smaller than|<|≤|exceed|greater than|longer than|larger than|bigger than|more than|over |above|>|upper bound|range|\bcap\b|最大|最多|上限|小于|等于|不能|不得|超过|超出|范围|限制/u;
/** The limit in its own name. */
const ownLimit =
  /max(?:imum)? (?:number of )?(?:output|completion|new|generated) tokens? (?:is|are|of|for [\w./:-]{1,60} is):? $/u;
export const strictly =
  /(?:must|should|that is|to) (?:be |have )?(?:less|fewer|lower|smaller) than \W{0,2}$|小于\W{0,2}$/u;
export const actual =
  /(?:received|got|given|passed|provided|actual|(?:add|come|amount|sum)s?(?: up)? to|收到|实际)\W{0,3}$/u;

/** What a number is about, by the words beside it; `before` is what the one before it was about. */
export function roleOf(mention: Mention, before: Role | undefined): Role | undefined {
  const { value, left, right, endsRange } = mention;
  if (/at least \W{0,3}$/u.test(left)) return value > 1 ? 'atLeast' : undefined;
  if (/(?:exceeded|over|overflow\w{0,5}|longer)[^.;]{0,40} by \W{0,2}(?:about )?$/u.test(left)) return 'over';
  if (/afford(?: at most| up to| only)?\W{0,3}$/u.test(left)) return 'affordable';
  if (/requires an? (?:sequence|context) length of $/u.test(left)) return 'total';
  // What makes this request fit, which may depend on its prompt.
  if (
    /(?:reduce|lower|decrease|set|change) [^.]{0,40}(?:max_|max |output |answer)[^.]{0,30} to (?:at most |about )?$/u.test(
      left,
    )
  ) {
    return 'possible';
  }
  if (/required\W{0,3}$/u.test(left) && /^ (?:tokens? )?available/u.test(right)) return 'affordable';
  const clause = lastClause(left);
  const isMost =
    endsRange ||
    /^ (?:tokens? )?or (?:fewer|less|lower|below|smaller)\b/u.test(right) ||
    ((limit.test(withoutNames(clause)) || ownLimit.test(clause)) && !actual.test(left));
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
export function lastClause(left: string): string {
  const flat = left.replace(/\([^()]{0,80}\)/gu, ' ');
  const at = Math.max(
    -1,
    ...[...flat.matchAll(/(?:[.;] |[(:：;。；])(?=[^\p{L}]{0,4}\p{L})/gu)].map(({ index }) => index),
  );
  return flat.slice(at + 1);
}

export function nearestName(words: string): Name | undefined {
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

/** Of digits with marks between them. */
export function toNumber(text: string): number {
  return Number(text.replace(/[^\d]/gu, ''));
}
