import { GatewayError } from '@ccg/kernel';
import type { PromptSize } from '../translation.ts';
import type { ErrorReport } from './error-report.ts';
import { readOutputLimit } from './output-limit.ts';
import { readTokenCounts } from './token-counts.ts';

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
