/** What an upstream's text says about tokens; undefined where it says nothing. */
export interface TokenCounts {
  readonly window: number | undefined;
  readonly prompt: number | undefined;
  /** What was asked for the answer. */
  readonly answer: number | undefined;
  /** The most that the model takes for any answer. */
  readonly answerMax: number | undefined;
}

const windowPatterns: readonly RegExp[] = [
  /maximum context length (?:is|of) (\d[\d,]*)/iu,
  /context (?:length|window|size)(?: is| of)?(?: only)? \(?(\d[\d,]*)/iu,
  /tokens > (\d[\d,]*) maximum/iu,
  /model with (\d[\d,]*) maximum/iu,
  /exceeds the (?:limit|maximum)[^0-9]{0,60}(\d[\d,]*)/iu,
  /range of input length should be \[\d+, ?(\d[\d,]*)\]/iu,
  /max_new_tokens[`'"]? must be <= (\d[\d,]*)/iu,
];

const promptPatterns: readonly RegExp[] = [
  /(\d[\d,]*) (?:tokens )?in the (?:messages|prompt|input)/iu,
  /(?:request|prompt|input|messages) (?:has|contains?|have|had) (\d[\d,]*)/iu,
  /given: (\d[\d,]*) [`'"]?inputs/iu,
  /resulted in (\d[\d,]*)/iu,
  /prompt is too long: (\d[\d,]*)/iu,
  /request \((\d[\d,]*) tokens\)/iu,
  /(?:prompt|input) token count (?:of |\()?(\d[\d,]*)/iu,
  /input length (?:of )?(\d[\d,]*)/iu,
];

/** The prompt together with its answer. */
const requestedPattern = /requested (?:about )?(\d[\d,]*)/iu;

const answerPatterns: readonly RegExp[] = [
  /(\d[\d,]*) (?:tokens )?in (?:the|your) (?:completion|output)/iu,
  /max(?:_completion)?_tokens['"]? is too large: (\d[\d,]*)/iu,
  /and (\d[\d,]*) [`'"]?max_new_tokens/iu,
];

const answerMaxPatterns: readonly RegExp[] = [
  /max(?:_completion)?_tokens['"`]? is too large: [\d,]+\..{0,40}supports at most (\d[\d,]*)/isu,
  /range of max(?:_completion)?_tokens (?:is|should be) \[\d+, ?(\d[\d,]*)\]/iu,
  /max(?:_completion)?_tokens['"`]?(?: for \S+)? must be less than or equal to ['"`]?(\d[\d,]*)/iu,
  /max(?:_completion)?_tokens['"`]? \([\d,]+\) exceeds (?:the )?model'?s maximum output tokens \((\d[\d,]*)\)/iu,
  /max(?:_completion)?_tokens: [\d,]+ > (\d[\d,]*), which is the maximum/iu,
];

/** Reads the numbers out of any server's words for "too many tokens". */
export function readTokenCounts(text: string): TokenCounts {
  const answer = firstNumber(text, answerPatterns);
  const requested = firstNumber(text, [requestedPattern]);
  // OpenRouter names the prompt in parts, of text, of tools and so on, but the sum and the answer in one number each.
  const rest = requested === undefined ? undefined : requested - (answer ?? 0);
  return {
    window: firstNumber(text, windowPatterns),
    prompt: firstNumber(text, promptPatterns) ?? rest,
    answer,
    answerMax: firstNumber(text, answerMaxPatterns),
  };
}

function firstNumber(text: string, patterns: readonly RegExp[]): number | undefined {
  for (const pattern of patterns) {
    const digits = pattern.exec(text)?.[1];
    if (digits !== undefined) return Number(digits.replaceAll(',', ''));
  }
  return undefined;
}
