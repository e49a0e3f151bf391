import { GatewayError } from '@ccg/kernel';
import type { PromptSize } from '../translation.ts';
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

const tooManyOutputTokens = /max(?:_completion)?_tokens['"]? is too large: (\d+)\..{0,40}supports at most (\d+)/isu;

const promptTokenPatterns = [
  /\(?(\d[\d,]*) (?:tokens )?(?:in the (?:messages|prompt|input)|of text input)/iu,
  /(?:request|prompt|input|messages) (?:has|contains?|have|had) (\d[\d,]*)/iu,
  /resulted in (\d[\d,]*)/iu,
  /prompt is too long: (\d[\d,]*)/iu,
  /request \((\d[\d,]*) tokens\)/iu,
  /(?:prompt|input) token count (?:of |\()?(\d[\d,]*)/iu,
  /input length (?:of )?(\d[\d,]*)/iu,
  /requested (?:about )?(\d[\d,]*)/iu,
];

const windowTokenPatterns = [
  /maximum context length (?:is|of) (\d[\d,]*)/iu,
  /context (?:length|window|size)(?: is| of)?(?: only)? \(?(\d[\d,]*)/iu,
  /tokens > (\d[\d,]*) maximum/iu,
  /model with (\d[\d,]*) maximum/iu,
  /exceeds the (?:limit|maximum)[^0-9]{0,60}(\d[\d,]*)/iu,
];

const completionTokenPatterns = [
  /(\d[\d,]*) (?:tokens )?in (?:the|your) (?:completion|output)/iu,
  /max(?:_completion)?_tokens['"]? is too large: (\d[\d,]*)/iu,
];

/**
 * Turns any server's words for "too many tokens" into the wording of the Anthropic API, on which Claude Code
 * compacts the conversation; undefined when the failure is another. Numbers come from the upstream's text where it
 * has them, else from what the gateway knows.
 */
export function overflowError(report: ErrorReport, at: PromptSize, model: string): GatewayError | undefined {
  const text = report.message ?? '';
  const output = tooManyOutputTokens.exec(text);
  if (output !== null) {
    const [, asked = '', most = ''] = output;
    return refused(`max_tokens: ${asked} > ${most}, which is the maximum allowed number of output tokens for ${model}`);
  }
  const coded = overflowCodes.has(report.code ?? '') || overflowCodes.has(report.type ?? '');
  if (!coded && !overflowText.test(text)) return undefined;
  const windowTokens = report.windowTokens ?? firstNumber(text, windowTokenPatterns) ?? at.windowTokens;
  const promptTokens = report.promptTokens ?? firstNumber(text, promptTokenPatterns) ?? at.estimatedTokens;
  const completionTokens = firstNumber(text, completionTokenPatterns);
  if (windowTokens === undefined) return new GatewayError('prompt-too-long', 'Prompt is too long');
  if (completionTokens !== undefined && promptTokens !== undefined && promptTokens < windowTokens) {
    return refused(
      `input length and \`max_tokens\` exceed context limit: ${promptTokens} + ${completionTokens} > ${windowTokens}, decrease input length or \`max_tokens\` and try again`,
    );
  }
  // An estimate may be low, but the prompt is over the window: that much is certain.
  const tokens = Math.max(promptTokens ?? 0, windowTokens + 1);
  return new GatewayError('prompt-too-long', `prompt is too long: ${tokens} tokens > ${windowTokens} maximum`);
}

function refused(message: string): GatewayError {
  return new GatewayError('upstream-refused', message);
}

function firstNumber(text: string, patterns: readonly RegExp[]): number | undefined {
  for (const pattern of patterns) {
    const digits = pattern.exec(text)?.[1];
    if (digits !== undefined) return Number(digits.replaceAll(',', ''));
  }
  return undefined;
}
