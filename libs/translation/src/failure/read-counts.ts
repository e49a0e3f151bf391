import { countedThing } from './codes.ts';
import { circumstancesAround } from './condition.ts';
import type { FailureDocument } from './failure-document.ts';
import type { UpstreamCause } from './upstream-cause.ts';

type CountExceeded = Extract<UpstreamCause, { kind: 'count-exceeded' }>;

/** Names that count: plural, or with a word beside them that is one of a count. */
const nouns =
  /(?<![\w.[\]-])(?:(?:max|num|limit|maximum)_)?(?<what>images?|pictures?|photos?|audios?|videos?|documents|tools|functions)(?:_urls?)?(?:_(?:per_\w{1,20}|count|limit))?(?![\w[-]|\.\w)(?! (?:names?|size|formats?|types?|models?|ids?|tokens?|choice|call|results?)\b)/giu;
/** A number, unless it belongs to a name, a path or a version. */
const numbers =
  /(?<![\w.[\]/:-]|models? )(?<digits>\d{1,4})(?![\w[\]/-]|\.\d|,\d)|\b(?<word>single|one|two|three|four|five|six)\b/giu;
/** Words that say, right before a number or right after it, that there may be no more. */
const limitBefore =
  /(?:max(?:imum)?|limit(?:ed)?|at most|only|more than|over|above|up to|exceed\w{0,3}|allow(?:s|ed)?|accepts?|supports?|takes?|_per_\w{1,20}|_limit|[<>≤]=?)['"`)]?(?: (?:is|are|of|to|at|a|an|the|allowed|only|number|value|count|images?)){0,4} {0,2}[:=(]{0,2} {0,2}$/iu;
const limitAfter =
  /^\)? (?:\w{1,12} ){0,2}(?:or (?:fewer|less)|at most|max(?:imum)?|(?:is|are) (?:the )?(?:max(?:imum)?|limit|allowed))\b/iu;
/** What may follow a number of what the sentence names. Any other word is what the number counts. */
const follows =
  /^(?:[^a-z\d ]| ?$| ?[^\w ]| (?:(?:image|picture|photo|audio|video|document|tool|function)(?!\w{0,2}_(?!url))\w{0,5}|items?|parts?|inputs?|entries|blocks?|attachments?|allowed|accepted|supported|permitted|exceeded|reached|given|max(?:imum)?|at|is|are|was|were|per|for|in|on|by|or|and|but|with|when|while|if|limit)\b)/iu;
/** What a number may measure instead. */
const otherUnits =
  /\b(?:[kmg]i?b|(?:kilo|mega)?bytes?|pixels?|px|dpi|tokens?|char(?:acter)?s?|letters?|seconds?|minutes?|hours?|days?|daily|rate|retries|attempts?|percent|width|height|dimensions?|size|resolution|length|long|nested|depth|levels?|credits?|codes?|temperature|position|index|line|column)\b|%|\$/iu;
const isSingular = /^(?:image|picture|photo|audio|video)$/iu;
const countWords = /^\w{0,10} ?(?:count|limit|parts?|inputs?|items?|blocks?|attachments?|entries)\b/iu;

/**
 * A count by its structure: a thing that is counted, and one number with a word of a limit beside it. A sentence that
 * measures anything else, or has two limits, says nothing of a count.
 */
export function readCount({ texts }: FailureDocument): CountExceeded | undefined {
  for (const text of texts) {
    const count = text.length > 400 ? undefined : countIn(text);
    if (count !== undefined) return count;
  }
  return undefined;
}

function countIn(text: string): CountExceeded | undefined {
  if (otherUnits.test(text)) return undefined;
  const limits = limitsIn(text);
  const named = [...text.matchAll(nouns)].filter((match) => isCounted(match, text));
  const things = new Set(named.map(({ groups }) => countedThing(groups?.['what'] ?? '')));
  const [what] = things;
  const [maximum] = limits;
  if (what === undefined || things.size !== 1 || maximum === undefined || limits.size !== 1) return undefined;
  const [first] = named;
  const start = first?.index ?? 0;
  const when = circumstancesAround(text, start, start + (first?.[0].length ?? 0));
  return { kind: 'count-exceeded', what, maximum, ...(when.length === 0 ? {} : { when }) };
}

/** One image may be too large, many are too many. */
function isCounted({ index, 0: name, groups }: RegExpExecArray, text: string): boolean {
  if (!isSingular.test(groups?.['what'] ?? '') || name.includes('_per_') || /_(?:count|limit)$/iu.test(name))
    return true;
  const after = text.slice(index + name.length).trimStart();
  return countWords.test(after) || /\b(?:single|one|\d{1,4})(?: \w{3,12})? $/iu.test(text.slice(0, index));
}

function limitsIn(text: string): ReadonlySet<number> {
  return new Set(
    [...text.matchAll(numbers)].flatMap(({ index, 0: said }) => {
      const isLimit = limitBefore.test(text.slice(0, index)) || limitAfter.test(text.slice(index + said.length));
      return isLimit && follows.test(text.slice(index + said.length)) ? [countOf(said)] : [];
    }),
  );
}

const numberWords: readonly string[] = ['zero', 'one', 'two', 'three', 'four', 'five', 'six'];

/** The number that digits or a word stand for. */
export function countOf(stated: string): number {
  const word = numberWords.indexOf(stated.toLowerCase().replace('single', 'one'));
  return word === -1 ? Number(stated) : word;
}
