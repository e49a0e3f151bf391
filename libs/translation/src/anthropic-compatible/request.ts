import { decodeText, isAttribution, isText, writeJsonBytes } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import { asList, asObject, asText } from '../json-fields.ts';
import { warnOfTaskBudget } from '../request/requested-thinking.ts';
import type { DeclaredTool } from '../tools/effective-tools.ts';
import type { TranslationInput } from '../translation.ts';
import { limitTokens } from '../request/limit-tokens.ts';
import type { CompatibleContext } from './compatible-context.ts';
import { textPart } from './content.ts';
import { convertMessages } from './messages.ts';
import { convertThinking } from './thinking.ts';
import { convertToolChoice } from './tool-choice.ts';

export interface CompatibleRequest {
  readonly body: Uint8Array;
  /** The token limit that the body asks for. */
  readonly maxTokens: number;
}

/** Writes the request for an Anthropic-compatible server, in the oldest form of the protocol. */
export function convertForCompatible(
  body: JsonObject,
  declared: readonly DeclaredTool[],
  input: TranslationInput,
  context: CompatibleContext,
): CompatibleRequest {
  const { capabilities, warnings } = context;
  const { messagesRequest, target, maxOutputTokens: cap, estimatedInputTokens, limits } = input;
  if (asObject(asObject(body['output_config'])?.['format'] ?? body['output_format']) !== undefined) {
    warnings.add(
      'output_config.format',
      'unsupported',
      'This provider cannot enforce an output format. The format was ignored.',
    );
  }
  warnOfTaskBudget(body, warnings);
  const wanted = { wanted: messagesRequest.maxTokens ?? 0, cap, estimatedInputTokens, model: limits };
  const maxTokens = limitTokens(wanted, 1, warnings);
  const { tools, choice } = convertToolChoice(body['tool_choice'], convertTools(declared, context), context);
  const { temperature, top_p: topP, top_k: topK, stop_sequences: stopSequences } = body;
  if (topK !== undefined && topK !== null && !capabilities.topK) {
    warnings.add('top_k', 'unsupported', 'This provider does not support top_k. It was ignored.');
  }
  const request = {
    model: target.model,
    max_tokens: maxTokens,
    stream: messagesRequest.stream,
    temperature: temperature ?? undefined,
    top_p: topP ?? undefined,
    top_k: capabilities.topK ? (topK ?? undefined) : undefined,
    stop_sequences: stopSequences ?? undefined,
    ...convertThinking(body, maxTokens, context),
    system: convertSystem(body['system'], context),
    messages: convertMessages(body, context),
    ...(tools.length === 0 ? {} : { tools: [...tools], tool_choice: choice }),
  };
  return { body: writeJsonBytes(request), maxTokens };
}

function convertTools(declared: readonly DeclaredTool[], { names, warnings }: CompatibleContext): JsonObject[] {
  return declared.flatMap(({ tool, path }) => {
    const { description, input_schema: schema } = tool;
    const name = isText(tool['name']) ? names.inward(decodeText(tool['name'])) : tool['name'];
    if (tool['strict'] === true) {
      warnings.add(`${path}.strict`, 'unsupported', 'This provider does not enforce strict tool schemas.');
    }
    if (schema !== undefined) return [{ name, description, input_schema: schema }];
    warnings.add(
      path,
      'unsupported',
      `The server tool ${asText(tool['type']) ?? ''} runs only at Anthropic. It was removed.`,
    );
    return [];
  });
}

function convertSystem(system: JsonValue | undefined, { warnings }: CompatibleContext): JsonValue | undefined {
  if (isText(system)) return isAttribution(system) ? undefined : system;
  const texts = asList(system).flatMap((value, index) => {
    const block = asObject(value);
    const text = block?.['text'];
    if (isText(text)) return isAttribution(text) ? [] : [textPart(text)];
    const type = asText(block?.['type']) ?? 'untyped';
    warnings.add(
      `system.${index}`,
      'unsupported',
      `Unsupported block type "${type}" in the system prompt. The block was removed.`,
    );
    return [];
  });
  return texts.length === 0 ? undefined : texts;
}
