import { decodeText, isAttribution, isText, writeJsonBytes } from '@ccg/wire';
import type { JsonObject, JsonValue } from '@ccg/wire';
import type { SentParts } from '../failure/remedy.ts';
import { asList, asObject, asText } from '../json-fields.ts';
import {
  forcedWhileThinking,
  pastReasoning,
  readRequestedThinking,
  reasoningInMessages,
  systemMessages,
  warnOfSystem,
  warnOfTaskBudget,
  withoutThinking,
} from '../request/requested-thinking.ts';
import type { DeclaredTool } from '../tools/effective-tools.ts';
import { plainerSchemaText, simplified } from '../tools/schema/plainer-schema.ts';
import { readStopSequences } from '../request/stop-sequences.ts';
import { asksForStream, formOfAnswer } from '../request/whole-answers.ts';
import type { TranslationInput } from '../translation.ts';
import { limitTokens } from '../request/limit-tokens.ts';
import type { CompatibleContext } from './compatible-context.ts';
import { textPart } from './content.ts';
import { convertMessages } from './messages.ts';
import { withoutRejected } from './rejected-members.ts';
import { convertThinking } from './thinking.ts';
import { convertToolChoice } from './tool-choice.ts';

export interface CompatibleRequest {
  readonly body: Uint8Array;
  /** What of the body can be changed if the server rejects it. */
  readonly parts: SentParts;
}

/** Writes the request for an Anthropic-compatible server, in the oldest form of the protocol. */
export function convertForCompatible(
  body: JsonObject,
  declared: readonly DeclaredTool[],
  input: TranslationInput,
  context: CompatibleContext,
): CompatibleRequest {
  const { warnings, rejected } = context;
  const { messagesRequest, target, maxOutputTokens: cap, estimatedInputTokens, limits } = input;
  const stream = asksForStream(messagesRequest.stream, rejected);
  warnOfIgnored(body, context);
  const wanted = { wanted: messagesRequest.maxTokens ?? 0, cap, estimatedInputTokens, model: limits };
  const maxTokens = limitTokens(wanted, 1, warnings);
  const { tools, choice } = convertToolChoice(body['tool_choice'], convertTools(declared, context), context);
  const isForced = forces(choice) && !rejected.fields.has('tool_choice');
  const requested = readRequestedThinking(body);
  const isCalm = isForced && rejected.forms.has(forcedWhileThinking);
  const sampling = convertSampling(body, context);
  const thinking = convertThinking(body, isCalm ? withoutThinking(requested, warnings) : requested, maxTokens, context);
  const instructions = convertSystem(body['system'], context);
  const { messages: history, counts } = convertMessages(body, context);
  const isSystemTaken = instructions === undefined || !rejected.forms.has(systemMessages);
  const system = isSystemTaken ? instructions : undefined;
  const messages = isSystemTaken ? history : withSystemAsUser(instructions, history);
  if (!isSystemTaken) warnOfSystem(warnings);
  const request: JsonObject = {
    model: target.model,
    max_tokens: maxTokens,
    stream,
    ...sampling,
    ...thinking,
    system,
    messages,
    ...(tools.length === 0 ? {} : { tools: [...tools], tool_choice: choice }),
  };
  const { sent, members } = withoutRejected(request, requested, context);
  const parts: SentParts = {
    members,
    forms: new Set([
      ...(isForced && !isCalm ? [forcedWhileThinking] : []),
      ...(repeatsReasoning(messages) ? [pastReasoning, reasoningInMessages] : []),
      ...(system === undefined ? [] : [systemMessages]),
      ...formOfAnswer(stream),
    ]),
    counts: new Map([...counts, ['stop sequences', asList(request['stop_sequences']).length]]),
    hasSchemas: tools.length > 0,
    maxTokens,
    known: rejected,
  };
  return { body: writeJsonBytes(sent, messagesRequest.body().length), parts };
}

/** The instructions at the beginning of the user's first message, which is made where there is none. */
function withSystemAsUser(system: JsonValue, history: readonly JsonObject[]): JsonObject[] {
  const parts = isText(system) ? [textPart(system)] : asList(system);
  const [first, ...rest] = history;
  if (first?.['role'] !== 'user') return [{ role: 'user', content: [...parts] }, ...history];
  return [{ ...first, content: [...parts, ...asList(first['content'])] }, ...rest];
}

function warnOfIgnored(body: JsonObject, { warnings }: CompatibleContext): void {
  if (asObject(asObject(body['output_config'])?.['format'] ?? body['output_format']) !== undefined) {
    warnings.add(
      'output_config.format',
      'unsupported',
      'This provider cannot enforce an output format. The format was ignored.',
    );
  }
  warnOfTaskBudget(body, warnings);
}

function convertSampling(body: JsonObject, context: CompatibleContext): JsonObject {
  const { temperature, top_p: topP, top_k: topK } = body;
  const { capabilities, warnings } = context;
  if ((topK ?? null) !== null && !capabilities.topK) {
    warnings.add('top_k', 'unsupported', 'This provider does not support top_k. It was ignored.');
  }
  return {
    temperature: temperature ?? undefined,
    top_p: topP ?? undefined,
    top_k: capabilities.topK ? (topK ?? undefined) : undefined,
    stop_sequences: convertStopSequences(body, context),
  };
}

/** As many as the server was found to take. */
function convertStopSequences(body: JsonObject, { rejected, warnings }: CompatibleContext): JsonValue | undefined {
  const sequences = readStopSequences(body);
  const maximum = rejected.maxima.get('stop sequences') ?? sequences.length;
  if (sequences.length <= maximum) return sequences.length === 0 ? undefined : sequences;
  const text = `This model supports ${maximum} stop ${maximum === 1 ? 'sequence' : 'sequences'}. The others were removed.`;
  warnings.add('stop_sequences', 'unsupported', text);
  return sequences.slice(0, maximum);
}

function forces(choice: JsonObject | undefined): boolean {
  return choice?.['type'] === 'any' || choice?.['type'] === 'tool';
}

function repeatsReasoning(messages: readonly JsonObject[]): boolean {
  return messages.some(({ content }) => asList(content).some((block) => asObject(block)?.['type'] === 'thinking'));
}

function convertTools(
  declared: readonly DeclaredTool[],
  { names, rejected, warnings }: CompatibleContext,
): JsonObject[] {
  return declared.flatMap(({ tool, path }) => {
    const { description, input_schema: schema } = tool;
    const name = isText(tool['name']) ? names.inward(decodeText(tool['name'])) : tool['name'];
    if (tool['strict'] === true) {
      warnings.add(`${path}.strict`, 'unsupported', 'This provider does not enforce strict tool schemas.');
    }
    if (schema !== undefined) {
      const plainer = simplified(schema, rejected.schemas);
      if (plainer !== undefined) warnings.add(`${path}.input_schema`, 'approximated', plainerSchemaText);
      return [{ name, description, input_schema: plainer ?? schema }];
    }
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
