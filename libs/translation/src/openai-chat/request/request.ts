import { writeJsonBytes } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { limitTokens } from '../../request/limit-tokens.ts';
import { readRequestedThinking, warnOfTaskBudget } from '../../request/requested-thinking.ts';
import type { EffectiveTools } from '../../tools/effective-tools.ts';
import type { TranslationInput } from '../../translation.ts';
import { convertAnswerFormat } from './answer-format.ts';
import type { ConversionContext } from './conversion-context.ts';
import { convertIdentifiers } from './identifiers.ts';
import { convertMessages } from './messages.ts';
import { otherMaxTokensField, withoutRejected } from './rejected-fields.ts';
import { convertSampling } from './sampling.ts';
import { convertThinking } from './thinking.ts';
import { convertToolChoice, convertTools } from './tools.ts';

export interface ChatRequest {
  readonly body: Uint8Array;
  /** The token limit that the body asks for. */
  readonly maxTokens: number;
  /** The optional fields of the body, its messages and tools, and the forms of the history that have alternatives. */
  readonly optionalFields: ReadonlySet<string>;
}

/** Writes the body of a chat completion request from the client's request. */
export function convertRequest(
  body: JsonObject,
  effective: EffectiveTools,
  input: TranslationInput,
  context: ConversionContext,
): ChatRequest {
  const { messagesRequest, maxOutputTokens: cap, estimatedInputTokens, limits, target } = input;
  const { capabilities, warnings } = context;
  const wanted = messagesRequest.maxTokens ?? 0;
  const maxTokens = limitTokens(
    { wanted, cap, estimatedInputTokens, model: limits },
    capabilities.outputTokensMin,
    warnings,
  );
  const tools = convertTools(effective, input, context);
  const hasTools = tools.names.length > 0;
  const format = convertAnswerFormat(body, hasTools, context);
  const thinking = convertThinking(readRequestedThinking(body), capabilities, { hasTools, maxTokens }, warnings);
  warnOfTaskBudget(body, warnings);
  const isThinking = thinking.fields['reasoning_effort'] !== 'none';
  const { messages, forms } = convertMessages(body, [thinking.line, format.line], hasTools, context);
  const request: JsonObject = {
    model: target.model,
    messages,
    [maxTokensField(context)]: maxTokens,
    ...convertSampling(body, isThinking, context),
    ...thinking.fields,
    // Several servers reject an empty list.
    tools: hasTools ? tools.value : undefined,
    ...convertToolChoice(body['tool_choice'], tools.names, context),
    ...format.fields,
    ...convertIdentifiers(body, context),
    provider: hasTools && capabilities.routesByParameters ? { require_parameters: true } : undefined,
    stream: messagesRequest.stream,
    stream_options: messagesRequest.stream ? streamOptions(context) : undefined,
  };
  const { sent, optionalFields } = withoutRejected(request, tools.hasStrict, context);
  return { body: writeJsonBytes(sent), maxTokens, optionalFields: new Set([...optionalFields, ...forms]) };
}

/** A server that rejected the usual field gets the other one. */
function maxTokensField({ capabilities, rejected }: ConversionContext): string {
  const field = capabilities.maxTokensField;
  return rejected.has(field) ? otherMaxTokensField(field) : field;
}

function streamOptions({ capabilities, rejected }: ConversionContext): JsonObject | undefined {
  if (!capabilities.streamUsage) return undefined;
  const isPadded = capabilities.obfuscates && !rejected.has('include_obfuscation');
  return { include_usage: true, include_obfuscation: isPadded ? false : undefined };
}
