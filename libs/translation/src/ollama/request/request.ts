import { writeJsonBytes } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import type { SentParts } from '../../failure/remedy.ts';
import { sentMembers } from '../../failure/sent-members.ts';
import { formatInstruction, readAnswerFormat, warnOfInstruction } from '../../request/answer-format.ts';
import { applyRejections } from '../../request/apply-rejections.ts';
import { limitTokens } from '../../request/limit-tokens.ts';
import {
  closestEffort,
  readRequestedThinking,
  systemMessages,
  warnOfTaskBudget,
} from '../../request/requested-thinking.ts';
import type { RequestedThinking } from '../../request/requested-thinking.ts';
import type { EffectiveTools } from '../../tools/effective-tools.ts';
import { plainerSchemaText, simplified } from '../../tools/schema/plainer-schema.ts';
import type { TranslationInput } from '../../translation.ts';
import type { ConversionContext } from './conversion-context.ts';
import { countImages, limitImages } from './limit-images.ts';
import { convertMessages } from './messages.ts';
import { readStopSequences } from '../../request/stop-sequences.ts';
import { convertTools } from './tools.ts';

export interface OllamaRequest {
  readonly body: Uint8Array;
  /** What of the body can be changed if the server rejects it. */
  readonly parts: SentParts;
}

/**
 * Writes the request for Ollama. Where the prompt is longer than the window Ollama would leave out its oldest messages
 * without a word, and shift them out while it writes: both are switched off, so that the client learns of it and compacts.
 */
export function convertRequest(
  body: JsonObject,
  effective: EffectiveTools,
  input: TranslationInput,
  context: ConversionContext,
): OllamaRequest {
  const { messagesRequest, target, maxOutputTokens: cap, estimatedInputTokens, limits } = input;
  const { capabilities, warnings, rejected } = context;
  const wanted = messagesRequest.maxTokens ?? 0;
  const maxTokens = limitTokens({ wanted, cap, estimatedInputTokens, model: limits }, 1, warnings);
  const tools = convertTools(body['tool_choice'], effective, input, context);
  const format = convertFormat(body, tools !== undefined, context);
  const requested = readRequestedThinking(body);
  warnOfTaskBudget(body, warnings);
  const messages = limitImages(convertMessages(body, format.line, context), rejected.maxima, warnings);
  const request: JsonObject = {
    model: target.model,
    messages,
    tools,
    think: convertThinking(requested, context),
    format: format.schema,
    stream: messagesRequest.stream,
    truncate: false,
    shift: false,
    keep_alive: capabilities.keepAlive,
    options: { num_ctx: capabilities.contextTokens, num_predict: maxTokens, ...convertSampling(body) },
  };
  const clientField = (path: string) => clientFieldOf(path, requested);
  const sent = applyRejections(request, rejected, { kept: indispensable, clientField, warnings });
  const parts: SentParts = {
    members: sentMembers(sent, indispensable),
    forms: new Set(messages.some(({ role }) => role === 'system') ? [systemMessages] : []),
    counts: new Map([['images', countImages(messages)]]),
    hasSchemas: tools !== undefined || format.schema !== undefined,
    maxTokens,
    known: rejected,
  };
  return { body: writeJsonBytes(sent, messagesRequest.body().length), parts };
}

/** What the request means nothing without. Unknown members are ignored by every version of Ollama. */
const indispensable: ReadonlySet<string> = new Set([
  'model',
  'messages',
  ...['role', 'content', 'tool_name', 'tool_call_id', 'tool_calls'].map((name) => `messages[].${name}`),
  ...['id', 'function', 'function.name', 'function.arguments'].map((name) => `messages[].tool_calls[].${name}`),
  'tools',
  ...['type', 'function', 'function.name', 'function.description', 'function.parameters'].map(
    (name) => `tools[].${name}`,
  ),
  'stream',
  'truncate',
  'options',
  'options.num_ctx',
  'options.num_predict',
]);

function clientFieldOf(path: string, requested: RequestedThinking): string | undefined {
  switch (path) {
    case 'think':
      return requested.kind === 'asked' && requested.effort !== 'none' ? requested.field : undefined;
    case 'format':
      return 'output_config.format';
    case 'options.stop':
      return 'stop_sequences';
    case 'options.temperature':
    case 'options.top_p':
    case 'options.top_k':
      return path.slice('options.'.length);
    default:
      return undefined;
  }
}

/** Models that can think do so unless they are told not to. Without a word of client or operator they are. */
function convertThinking(
  requested: RequestedThinking,
  { capabilities: { thinking, operatorThinking: operator }, warnings }: ConversionContext,
): boolean | string | undefined {
  const effort = requested.kind === 'asked' ? requested.effort : 'none';
  switch (thinking.kind) {
    case 'never':
      if (requested.kind === 'asked' && effort !== 'none') {
        warnings.add(requested.field, 'unsupported', 'This model does not think. Thinking was not requested.');
      }
      return undefined;
    case 'switch':
      if (requested.kind === 'unasked') return operator?.on ?? false;
      return effort !== 'none' && (operator?.on ?? true);
    case 'levels':
      return closestEffort(effort, thinking.levels);
  }
}

/** A format that is enforced keeps the model from calling tools. */
function convertFormat(
  body: JsonObject,
  hasTools: boolean,
  { rejected, warnings }: ConversionContext,
): { readonly schema: JsonValue | undefined; readonly line: JsonText | undefined } {
  const schema = readAnswerFormat(body, warnings);
  if (schema === undefined) return { schema: undefined, line: undefined };
  if (hasTools || rejected.fields.has('format')) {
    warnOfInstruction(warnings);
    return { schema: undefined, line: formatInstruction(schema) };
  }
  const plainer = simplified(schema, rejected.schemas);
  if (plainer !== undefined) warnings.add('output_config.format', 'approximated', plainerSchemaText);
  return { schema: plainer ?? schema, line: undefined };
}

function convertSampling(body: JsonObject): JsonObject {
  const { temperature, top_p: topP, top_k: topK } = body;
  const stop = readStopSequences(body);
  return {
    temperature: asNumber(temperature),
    top_p: asNumber(topP),
    top_k: asNumber(topK),
    stop: stop.length === 0 ? undefined : stop,
  };
}

function asNumber(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
