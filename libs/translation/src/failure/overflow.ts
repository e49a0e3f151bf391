import { GatewayError } from '@ccg/kernel';
import type { PromptSize, OutputLimit } from '../translation.ts';
import type { ErrorReport } from './error-report.ts';

const overflowCodes: ReadonlySet<string> = new Set([
  'context_length_exceeded',
  'model_max_prompt_tokens_exceeded',
  'string_above_max_length',
  'exceed_context_size_error',
]);

const overflowText = new RegExp(
  [
    'maximum context length',
    'context length exceeded',
    'exceeds the (?:available )?context',
    'context window',
    'context length is only',
    'reduce the length of the (?:input|messages|prompt)',
    'exceeds the (?:maximum|max) (?:allowed )?(?:input )?(?:length|token count|number of tokens)',
    "longer than the model'?s context length",
    'prompt token count of \\d+ exceeds',
    'input token count .* exceeds',
    'range of input length should be',
    'inputs[`\'"]? tokens \\+ [`\'"]?max_new_tokens[`\'"]? must be',
    'input length \\d+ exceeds',
    'too many tokens',
    'too large for model with \\d+ maximum context',
    'max_tokens must be at least 1, got -\\d+',
    'exceed_context_size_error',
    'input is too long',
    'prompt is too long',
  ].join('|'),
  'iu',
);

/**
 * Turns any server's words for "too many tokens" into the wording of the Anthropic API, on which Claude Code
 * compacts the conversation; undefined when the failure is another. Numbers come from the upstream's text where it
 * has them, else from what the gateway knows.
 */
export function overflowError(report: ErrorReport, at: PromptSize, model: string): GatewayError | undefined {
  const text = report.message ?? '';
  const counts = readTokenCounts(text);
  const { answer, answerMax } = counts;
  if (answer !== undefined && answerMax !== undefined) {
    return refused(
      `max_tokens: ${answer} > ${answerMax}, which is the maximum allowed number of output tokens for ${model}`,
    );
  }
  const coded = overflowCodes.has(report.code ?? '') || overflowCodes.has(report.type ?? '');
  if (!coded && !overflowText.test(text)) return undefined;
  const windowTokens = report.windowTokens ?? counts.window ?? at.windowTokens;
  const promptTokens = report.promptTokens ?? counts.prompt ?? at.estimatedTokens;
  if (windowTokens === undefined) return new GatewayError('prompt-too-long', 'Prompt is too long');
  if (readOutputLimit(report) !== undefined) {
    return refused(
      `input length and \`max_tokens\` exceed context limit: ${promptTokens} + ${answer} > ${windowTokens}, decrease input length or \`max_tokens\` and try again`,
    );
  }
  // An estimate may be low, but the prompt is over the window: that much is certain.
  const tokens = Math.max(promptTokens ?? 0, windowTokens + 1);
  return new GatewayError('prompt-too-long', `prompt is too long: ${tokens} tokens > ${windowTokens} maximum`);
}

function refused(message: string): GatewayError {
  return new GatewayError('upstream-refused', message);
}

/** A prompt that leaves less than this has to become shorter: nothing useful fits beside it. */
const roomMinTokens = 1024;

/**
 * What a server that refused the length of the answer would have taken, by its own words: the model's limit, or what
 * the prompt leaves of its window. Undefined for other failures, and where the prompt leaves next to nothing.
 */
export function readOutputLimit({ message = '' }: ErrorReport): OutputLimit | undefined {
  const { window, prompt, answer, answerMax } = readTokenCounts(message);
  if (answerMax !== undefined && answerMax > 0) {
    return { outputTokens: answerMax, limits: { contextTokens: undefined, outputTokens: answerMax } };
  }
  if (window === undefined || prompt === undefined || answer === undefined) return undefined;
  const room = window - prompt;
  if (room < roomMinTokens) return undefined;
  return { outputTokens: room, limits: { contextTokens: window, outputTokens: undefined } };
}

/** What an upstream's text says about tokens; undefined where it says nothing. */
interface TokenCounts {
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
function readTokenCounts(text: string): TokenCounts {
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
