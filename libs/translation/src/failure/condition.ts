/** What a refusal of a field says besides: which value was refused, or under which condition. */
export interface Terms {
  readonly value: string | undefined;
  readonly isConditional: boolean;
}

const ofTheServer =
  /\b(?:with|for|in|on|by|at|from|under) (?:(?:the|this|that|your|our|any|these|all|selected|current|requested|an?) ){0,3}(?:(?:['"`][^'"`\n]{1,80}['"`]|[\w./:-]{1,80}) ){0,2}(?:models?|endpoints?|providers?|servers?|apis?|backends?|engines?|deployments?|services?|platforms?|versions?|(?:chat )?completions?)\b|\b(?:in|of|for) (?:the |this |your )?(?:request|body|object)\b|\b(?:with|for|in|on|at) ['"`]?(?=[\w./:-]{0,60}[\d/])[\w./:-]{1,80}['"`]?|\bby ['"`]?[\w./:-]{1,80}/giu;
const conditionAfter =
  /\b(?:with|without|when|while|if|unless|for|in|on|during|together|alongside|combin\w{1,8}|simultaneously|both|except|only|because|since|values?|same time)\b|模式|同时|一起|除非|如果|当|时/iu;
const conditionBefore = /\b(?:when|while|if|unless|during|with ['"`]?$|in [\w-]{1,20} mode)|模式|同时|如果|当|时/iu;
const valueRightAfter =
  /^['"`]?(?: (?:parameter|option|field|value|set to|of)){0,2} ?[=:]? ?['"`](?<value>[\w.+-]{1,40})['"`]|^['"`]? ?= ?(?<bare>[\w.+-]{1,40})/iu;
const valueLater = /\bvalues? ['"`]?(?<value>[\w.+-]{1,40})|^ ?(?:不支持)? ?['"`](?<quoted>[\w.+-]{1,40})['"`]/iu;
const lastWord = /^ (?<value>[\w.+-]{1,40})$/u;
const kinds = /^(?:parameters?|options?|fields?|settings?|propert\w{1,3}|arguments?|inputs?|yet|here|anymore|today)$/iu;

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
    isConditional: conditionAfter.test(after.replace(ofTheServer, ' ')) || conditionBefore.test(before),
  };
}
