import type { Circumstance } from './upstream-cause.ts';

/** What a refusal of a field says besides: which value was refused, or under which circumstances. */
export interface Terms {
  readonly value: string | undefined;
  /** Empty where it holds in every request. */
  readonly when: readonly Circumstance[];
}

/** Words about the model or the server itself, which are no condition. */
export const ofTheServer =
  /\b(?:with|for|in|on|by|at|from|under) (?:(?:the|this|that|your|our|any|these|all|selected|current|requested|an?) ){0,3}(?:(?:['"`][^'"`\n]{1,80}['"`]|[\w./:-]{1,80}) ){0,2}(?:models?|endpoints?|providers?|servers?|apis?|backends?|engines?|deployments?|services?|platforms?|versions?|(?:chat )?completions?)\b|\b(?:in|of|for) (?:the |this |your )?(?:request|body|object)\b|\b(?:with|for|in|on|at) ['"`]?(?=[\w./:-]{0,60}[\d/])[\w./:-]{1,80}['"`]?|\bby ['"`]?[\w./:-]{1,80}/giu;
const conditionAfter =
  /\b(?:with|without|when|while|if|unless|for|in|on|during|together|alongside|combin\w{1,8}|simultaneously|both|except|only|because|since|values?|same time)\b|模式|同时|一起|除非|如果|当|时/iu;
const conditionBefore = /\b(?:when|while|if|unless|during|with ['"`]?$|in [\w-]{1,20} mode)|模式|同时|如果|当|时/iu;
const valueRightAfter =
  /^['"`]?(?: (?:parameter|option|field|value|set to|of)){0,2} ?[=:]? ?['"`](?<value>[\w.+-]{1,40})['"`]|^['"`]? ?= ?(?<bare>[\w.+-]{1,40})/iu;
const valueLater = /\bvalues? ['"`]?(?<value>[\w.+-]{1,40})|^ ?(?:不支持)? ?['"`](?<quoted>[\w.+-]{1,40})['"`]/iu;
const lastWord = /^ (?<value>[\w.+-]{1,40})$/u;
const kinds = /^(?:parameters?|options?|fields?|settings?|propert\w{1,3}|arguments?|inputs?|yet|here|anymore|today)$/iu;

const stopWords = /\b(?:not|without|disabled?|off|unless|except|no longer)\b|除非|关闭|未/iu;
/** How much of something a request has cannot be told from a circumstance. */
const quantities =
  /\b(?:\d{1,6}|single|one|two|three|more than|fewer than|less than|at least|at most|multiple|several|many|few|larger?|long(?:er)?|short(?:er)?|exceed\w{0,3}|above|below|over)\b|多个|单个|超过|少于/iu;
const noStream =
  /\bnon-?\s?stream|\bno stream|without stream|stream(?:ing)?\W{0,3}(?:is |are |to |= ?){0,2}(?:off|disabled|false)|非流式/iu;
const things: readonly (readonly [pattern: RegExp, circumstance: Circumstance])[] = [
  [/\b(?:tools?|functions?)\b|工具|函数/iu, 'tools'],
  [/\b(?:thinking|think|reasoning|enable_thinking|reasoning_effort)\b|思考|推理/iu, 'thinking'],
  [/\bstream(?:ing|ed)?\b|流式/iu, 'streaming'],
];
const memberNames = /(?<![\w.])(?:temperature|top_p|top_k|stop_sequences|stop|tool_choice|response_format)(?!\w)/giu;

/** What the words of a condition say about a request. */
function circumstancesIn(words: string): readonly Circumstance[] {
  if (noStream.test(words)) return ['no streaming'];
  if (stopWords.test(words) || quantities.test(words)) return ['unknown'];
  const found = [
    ...things.filter(([pattern]) => pattern.test(words)).map(([, circumstance]) => circumstance),
    ...[...words.matchAll(memberNames)].map(([name]): Circumstance => `with ${name.toLowerCase()}`),
  ];
  return found.length === 0 ? ['unknown'] : found;
}

const clauseAfter = /\b(?:when|while|if|with|for|during)\b(?<words>[^.;。；\n]{1,100})/iu;
const clauseBefore =
  /\b(?:when|while|if|during|with|in)\b(?<words>[^.;。；\n]{1,100}),|^(?<mode>[^.;。；，\n]{0,20}(?:思考|推理|流式|工具)[^.;。；，\n]{0,10}(?:模式|时|下))/iu;

/** The circumstances under which a value was refused, as far as they can be told from a request. */
export function circumstancesAround(text: string, start: number, end: number): readonly Circumstance[] {
  const after = clauseAfter.exec(text.slice(end).replace(ofTheServer, ' '))?.groups?.['words'];
  const before = clauseBefore.exec(text.slice(0, start))?.groups;
  const words = after ?? before?.['words'] ?? before?.['mode'];
  return words === undefined ? [] : circumstancesIn(words).filter((circumstance) => circumstance !== 'unknown');
}

/**
 * Reads the sentence around the name of a field. "X is not supported with Y", "when Y" and "for 'v'" say nothing about
 * X in other requests. Words about the model or the server itself are no condition.
 */
export function termsAround(text: string, start: number, end: number): Terms {
  const before =
    text
      .slice(0, start)
      .split(/[.;。；](?:\s|$)|[。；\n]/u)
      .at(-1) ?? '';
  const [after = ''] = text.slice(end).split(/[.;](?:\s|$)|[。；\n]/u);
  const name = text.slice(start, end);
  const { value, bare } = valueRightAfter.exec(after)?.groups ?? {};
  const later = valueLater.exec(after)?.groups ?? {};
  const last = lastWord.exec(after)?.groups?.['value'];
  const found = [value, bare, later['value'], later['quoted'], last].find((word) => word !== undefined);
  return {
    value: found === undefined || name.endsWith(found) || kinds.test(found) ? undefined : found,
    when: circumstancesOf(after.replace(ofTheServer, ' '), before),
  };
}

function circumstancesOf(after: string, before: string): readonly Circumstance[] {
  const match = conditionAfter.exec(after);
  const words = [match === null ? '' : after.slice(match.index), conditionBefore.test(before) ? before : ''];
  return words.every((word) => word === '') ? [] : circumstancesIn(words.join(' '));
}
