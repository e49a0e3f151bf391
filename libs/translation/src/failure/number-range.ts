import type { Loose } from './loose-json.ts';

/** The numbers that a server takes; undefined where it names no end. An open end is not taken itself. */
export interface NumberRange {
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly isOpenBelow: boolean;
  readonly isOpenAbove: boolean;
}

/** Whether the range holds the number. */
export function isWithin({ minimum, maximum, isOpenBelow, isOpenAbove }: NumberRange, value: number): boolean {
  if (minimum !== undefined && (isOpenBelow ? value <= minimum : value < minimum)) return false;
  return maximum === undefined || (isOpenAbove ? value < maximum : value <= maximum);
}

/** The number of the range that is nearest to another. Undefined if the range holds none. */
export function nearestWithin(range: NumberRange, value: number, step: number): number | undefined {
  if (isWithin(range, value)) return value;
  const { minimum, maximum, isOpenBelow, isOpenAbove } = range;
  const isBelow = minimum !== undefined && value <= minimum;
  const end = isBelow ? minimum + (isOpenBelow ? step : 0) : (maximum ?? 0) - (isOpenAbove ? step : 0);
  // Without the noise of binary fractions.
  const nearest = Number(end.toFixed(6));
  return isWithin(range, nearest) ? nearest : undefined;
}

const number = String.raw`[-−]?\d{1,12}(?:\.\d{1,8})?`;
const infinite = String.raw`[+-]?(?:inf(?:inity)?|∞)`;
const interval = new RegExp(
  String.raw`(?<open>[[(（【]) ?(?<from>${number}) ?[,，、~] ?(?<to>${number}|${infinite}) ?(?<close>[\])）】])`,
  'iu',
);
const span = new RegExp(
  String.raw`(?<![\w.])(?<from>${number}) ?(?:and|to|through|\.\.\.?|到|至|和|与|~|–|-) ?(?<to>${number})(?![\w]|\.\d)`,
  'iu',
);
/** Words before a bound, by the end of the range that it is and whether it is taken itself. */
const bounds: readonly (readonly [end: 'minimum' | 'maximum', isOpen: boolean, words: RegExp])[] = [
  [
    'maximum',
    false,
    bound(
      String.raw`less than or equal(?: to)?|(?:lower|smaller) (?:than )?or equal(?: to)?|<=|≤|at most|up to|(?:no|not)(?: be)? (?:more|greater|larger|higher|bigger) than|not exceed|cannot exceed|max(?:imum)?(?: allowed)?(?: value)?(?: is| of|:)?|小于等于|小于或等于|不能?(?:超过|大于)|不得(?:超过|大于)|不可(?:超过|大于)|最大(?:值)?[为是：:]?`,
    ),
  ],
  [
    'maximum',
    true,
    bound(String.raw`(?<!not )(?<!not be )(?<!no )(?:less|lower|smaller) than|<|below|(?<!不)(?<!不能)(?<!不得)小于`),
  ],
  [
    'minimum',
    false,
    bound(
      String.raw`(?:greater|larger|more|higher) than or equal(?: to)?|>=|≥|at least|(?:no|not)(?: be)? (?:less|lower|smaller) than|min(?:imum)?(?: allowed)?(?: value)?(?: is| of|:)?|大于等于|大于或等于|不能?小于|不得小于|不可小于|最小(?:值)?[为是：:]?`,
    ),
  ],
  [
    'minimum',
    true,
    bound(
      String.raw`(?<!not )(?<!not be )(?<!no )(?:greater|larger|more|higher) than|>|above|(?<!不)(?<!不能)(?<!不得)大于`,
    ),
  ],
];

function bound(words: string): RegExp {
  return new RegExp(String.raw`(?:${words})[ ]?(?<number>${number})`, 'iu');
}

/** The range of numbers that the words after the name of a member state. */
export function rangeIn(rest: string): NumberRange | undefined {
  const refusing = refused.exec(rest)?.groups ?? {};
  if (refusing['above'] !== undefined) return boundsIn(`at most ${refusing['above']}`);
  if (refusing['below'] !== undefined) return boundsIn(`at least ${refusing['below']}`);
  return intervalIn(interval.exec(rest)) ?? endsIn(ends.exec(rest)) ?? spanIn(rest) ?? boundsIn(rest);
}

/** The numbers that are not taken: "greater than 0.95 is not allowed". */
const refused = new RegExp(
  String.raw`(?:(?:greater|larger|more|higher) than|above|over) (?<above>${number}) (?:is |are )?(?:not (?:allowed|supported|permitted|accepted)|unsupported|invalid)|(?:(?:less|lower|smaller) than|below) (?<below>${number}) (?:is |are )?(?:not (?:allowed|supported|permitted|accepted)|unsupported|invalid)`,
  'iu',
);
/** Each end says whether it is taken itself. */
const ends = new RegExp(
  String.raw`(?<from>${number}) \((?<open>in|ex)clusive\) (?:and|to) (?<to>${number}) \((?<close>in|ex)clusive\)`,
  'iu',
);

function endsIn(match: RegExpExecArray | null): NumberRange | undefined {
  const { from, to, open = '', close = '' } = match?.groups ?? {};
  if (from === undefined || to === undefined) return undefined;
  return ordered(toNumber(from), toNumber(to), {
    isOpenBelow: open.toLowerCase() === 'ex',
    isOpenAbove: close.toLowerCase() === 'ex',
  });
}

function intervalIn(match: RegExpExecArray | null): NumberRange | undefined {
  const { from, to, open = '', close = '' } = match?.groups ?? {};
  if (from === undefined || to === undefined) return undefined;
  return ordered(toNumber(from), toNumber(to), {
    isOpenBelow: /[(（]/u.test(open),
    isOpenAbove: /[)）]/u.test(close),
  });
}

function spanIn(rest: string): NumberRange | undefined {
  const { from, to } = span.exec(rest)?.groups ?? {};
  if (from === undefined || to === undefined) return undefined;
  const isOpen = /(?<!in)exclusive|strictly|不含|不包括/iu.test(rest);
  return ordered(toNumber(from), toNumber(to), { isOpenBelow: isOpen, isOpenAbove: isOpen });
}

function boundsIn(rest: string): NumberRange | undefined {
  const found = new Map<'minimum' | 'maximum', { readonly value: number; readonly isOpen: boolean }>();
  for (const [end, isOpen, words] of bounds) {
    const stated = words.exec(rest)?.groups?.['number'];
    if (stated !== undefined && !found.has(end)) found.set(end, { value: Number(stated.replace('−', '-')), isOpen });
  }
  const [sign] = /non-?\s?negative|(?<!non[- ]?)positive|正数|正整数/iu.exec(rest) ?? [];
  if (sign !== undefined && !found.has('minimum')) {
    found.set('minimum', { value: 0, isOpen: !/negative/iu.test(sign) });
  }
  const { minimum, maximum } = Object.fromEntries(found);
  if (minimum === undefined && maximum === undefined) return undefined;
  return ordered(minimum?.value, maximum?.value, {
    isOpenBelow: minimum?.isOpen ?? false,
    isOpenAbove: maximum?.isOpen ?? false,
  });
}

function ordered(
  minimum: number | undefined,
  maximum: number | undefined,
  ends: Pick<NumberRange, 'isOpenBelow' | 'isOpenAbove'>,
): NumberRange | undefined {
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) return undefined;
  return { minimum, maximum, ...ends };
}

/** Undefined for no end. */
function toNumber(stated: string): number | undefined {
  const value = Number(stated.replace('−', '-'));
  return Number.isFinite(value) ? value : undefined;
}

/** The terms of validators, by the names of the members that hold them. */
const terms: Readonly<Record<string, readonly [end: 'minimum' | 'maximum', isOpen: boolean]>> = {
  le: ['maximum', false],
  lte: ['maximum', false],
  maximum: ['maximum', false],
  max: ['maximum', false],
  lt: ['maximum', true],
  exclusivemaximum: ['maximum', true],
  ge: ['minimum', false],
  gte: ['minimum', false],
  minimum: ['minimum', false],
  min: ['minimum', false],
  gt: ['minimum', true],
  exclusiveminimum: ['minimum', true],
};

/** The range in the terms of a validator: `{"le": 1}`, `{"comparison": "<=", "limit": 2}`, `{"maximum": 1, "inclusive": true}`. */
export function rangeOfTerms(members: readonly (readonly [string, Loose])[]): NumberRange | undefined {
  const byName = new Map(members);
  const isOpen = byName.get('inclusive') === false || byName.get('exclusive') === true;
  const words = members.flatMap(([name, value]) => {
    if (typeof value !== 'number' && typeof value !== 'string') return [];
    const [end, isOpenByName] = Object.hasOwn(terms, name) ? (terms[name] ?? []) : [];
    if (end === undefined) return [];
    const isLess = end === 'maximum';
    return [`${isLess ? '<' : '>'}${isOpenByName === true || isOpen ? '' : '='} ${value}`];
  });
  const comparison = byName.get('comparison');
  const limit = byName.get('limit');
  if (typeof comparison === 'string' && typeof limit === 'number') words.push(`${comparison} ${limit}`);
  return boundsIn(words.join(', '));
}
