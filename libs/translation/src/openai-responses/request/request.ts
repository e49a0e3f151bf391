import { joinTexts, readClientIdentity, writeJsonBytes } from '@ccg/wire';
import type { JsonArray, JsonObject, JsonText, JsonValue } from '@ccg/wire';
import type { SentParts } from '../../failure/remedy.ts';
import { sentMembers } from '../../failure/sent-members.ts';
import { instructionTexts } from '../../history/turns.ts';
import { readStopSequences } from '../../request/stop-sequences.ts';
import { formatInstruction, readAnswerFormat, warnOfInstruction } from '../../request/answer-format.ts';
import { applyRejections } from '../../request/apply-rejections.ts';
import { limitTokens } from '../../request/limit-tokens.ts';
import {
  closestEffort,
  pastReasoning,
  readRequestedThinking,
  warnOfTaskBudget,
} from '../../request/requested-thinking.ts';
import type { RequestedThinking } from '../../request/requested-thinking.ts';
import { asksForStream, formOfAnswer } from '../../request/whole-answers.ts';
import type { EffectiveTools } from '../../tools/effective-tools.ts';
import { plainerSchemaText, simplified } from '../../tools/schema/plainer-schema.ts';
import { isStrictSchema } from '../../tools/schema/strict-schema.ts';
import { convertToolChoice } from '../../tools/function-choice.ts';
import { isWebSearch } from '../../tools/web-search.ts';
import type { TranslationInput } from '../../translation.ts';
import type { ConversionContext } from './conversion-context.ts';
import { convertInput } from './input.ts';
import { convertTools, strictTools } from './tools.ts';
import { searchSources } from './web-search.ts';

export interface ResponsesRequest {
  readonly body: JsonObject;
  /** What of the body can be changed if the server rejects it. */
  readonly parts: SentParts;
}

/** Writes the request. Nothing is stored at the server: the client has the history, and the state of its reasoning in it. */
export function convertRequest(
  body: JsonObject,
  effective: EffectiveTools,
  input: TranslationInput,
  context: ConversionContext,
): ResponsesRequest {
  const { messagesRequest, target } = input;
  const { capabilities, warnings, rejected } = context;
  const maxTokens = tokenLimit(input, context);
  const tools = convertTools(effective, input, context);
  const hasTools = tools.names.length > 0;
  const searches = capabilities.webSearch && effective.tools.some(isWebSearch);
  const format = convertFormat(body, hasTools, context);
  const requested = readRequestedThinking(body);
  warnOfTaskBudget(body, warnings);
  const reasoning = convertThinking(requested, context);
  const { items, counts } = convertInput(body, context);
  const stream = asksForStream(messagesRequest.stream, rejected);
  const isPadded = capabilities.obfuscates && stream;
  const request: JsonObject = {
    model: target.model,
    instructions: instructions(body['system'], format.line),
    input: items,
    max_output_tokens: maxTokens,
    ...convertSampling(body, reasoning?.['effort'], context),
    reasoning,
    include: included(searches, context),
    store: false,
    tools: hasTools || searches ? tools.value : undefined,
    ...convertToolChoice(body['tool_choice'], tools.names, { ...context, choose: chooseFunction }),
    text: format.field,
    ...identifiers(body, context),
    stream,
    stream_options: isPadded ? { include_obfuscation: false } : undefined,
  };
  const clientField = (path: string) => clientFieldOf(path, requested);
  const sent = applyRejections(request, rejected, { kept: indispensable, clientField, warnings });
  const members = sentMembers(sent, indispensable);
  if (tools.hasStrict) members.set(strictTools, 'true');
  const repeats = items.some(({ type }) => type === 'reasoning');
  const parts: SentParts = {
    members,
    forms: new Set([...(repeats ? [pastReasoning] : []), ...formOfAnswer(stream)]),
    counts,
    hasSchemas: hasTools || format.field !== undefined,
    maxTokens,
    known: rejected,
  };
  return { body: sent, parts };
}

/** The part of a request that its prompt is counted by. */
export function countBody(sent: JsonObject, likelyLength: number): Uint8Array {
  const names = ['model', 'instructions', 'input', 'reasoning', 'tools', 'tool_choice', 'parallel_tool_calls', 'text'];
  return writeJsonBytes(Object.fromEntries(names.map((name) => [name, sent[name]])), likelyLength);
}

/** What the request means nothing without. */
const indispensable: ReadonlySet<string> = new Set([
  'model',
  'instructions',
  'input',
  'max_output_tokens',
  'tools',
  ...['type', 'name', 'description', 'parameters'].map((name) => `tools[].${name}`),
  strictTools,
  'tool_choice.type',
  'tool_choice.name',
  'text.format',
  ...['type', 'name', 'schema'].map((name) => `text.format.${name}`),
  'stream',
]);

const clientFields: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  top_p: 'top_p',
  tool_choice: 'tool_choice',
  parallel_tool_calls: 'tool_choice.disable_parallel_tool_use',
  text: 'output_config.format',
};

/** The rest is the gateway's own. Nobody misses a summary of the reasoning that the server does not give. */
function clientFieldOf(path: string, requested: RequestedThinking): string | undefined {
  const [outermost = ''] = path.split('.');
  if (path === 'reasoning' || path === 'reasoning.effort') {
    return requested.kind === 'asked' && requested.effort !== 'none' ? requested.field : undefined;
  }
  return Object.hasOwn(clientFields, outermost) ? clientFields[outermost] : undefined;
}

function included(searches: boolean, { capabilities }: ConversionContext): JsonArray | undefined {
  const parts = [
    ...(capabilities.encryptedReasoning ? ['reasoning.encrypted_content'] : []),
    ...(searches ? [searchSources] : []),
  ];
  return parts.length === 0 ? undefined : parts;
}

function tokenLimit(input: TranslationInput, { capabilities, warnings }: ConversionContext): number {
  const { messagesRequest, maxOutputTokens: cap, estimatedInputTokens, limits } = input;
  const wanted = messagesRequest.maxTokens ?? 0;
  return limitTokens({ wanted, cap, estimatedInputTokens, model: limits }, capabilities.outputTokensMin, warnings);
}

function instructions(system: JsonValue | undefined, line: JsonText | undefined): JsonText | undefined {
  const told = [...instructionTexts(system), ...(line === undefined ? [] : [line])];
  return told.length === 0 ? undefined : joinTexts(told, '\n\n');
}

/** The effort at a level of the model. A summary is asked for, so that the client sees that the model is at work. */
function convertThinking(
  requested: RequestedThinking,
  { capabilities: { levels }, warnings }: ConversionContext,
): JsonObject | undefined {
  if (levels.length === 0) {
    if (requested.kind === 'asked' && requested.effort !== 'none') {
      const text = 'The gateway does not know how to request thinking from this model. Thinking was not requested.';
      warnings.add(requested.field, 'unsupported', text);
    }
    return undefined;
  }
  const effort = requested.kind === 'asked' ? closestEffort(requested.effort, levels) : undefined;
  const isShown = requested.kind === 'asked' && requested.effort !== 'none';
  return effort === undefined ? undefined : { effort, summary: isShown ? 'auto' : undefined };
}

function convertSampling(
  body: JsonObject,
  effort: JsonValue | undefined,
  { capabilities: { sampling }, warnings }: ConversionContext,
): JsonObject {
  const { temperature, top_p: topP, top_k: topK } = body;
  if (topK !== undefined && topK !== null) {
    warnings.add('top_k', 'unsupported', 'This provider does not support top_k. It was ignored.');
  }
  if (readStopSequences(body).length > 0) {
    warnings.add('stop_sequences', 'unsupported', 'This model does not support stop sequences. They were removed.');
  }
  const wanted = { temperature: asNumber(temperature), top_p: asNumber(topP) };
  if (sampling === 'always' || (sampling === 'without-thinking' && effort === 'none')) return wanted;
  for (const [field, value] of Object.entries(wanted)) {
    if (value === undefined) continue;
    warnings.add(field, 'unsupported', `This model does not support ${field}. It was ignored.`);
  }
  return {};
}

function asNumber(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

interface AnswerFormat {
  readonly field: JsonObject | undefined;
  /** The last line of the instructions, if the format cannot be enforced. */
  readonly line: JsonText | undefined;
}

function convertFormat(body: JsonObject, hasTools: boolean, context: ConversionContext): AnswerFormat {
  const { capabilities, rejected, warnings } = context;
  const schema = readAnswerFormat(body, warnings);
  if (schema === undefined) return { field: undefined, line: undefined };
  const isEnforced =
    capabilities.structuredOutput === 'json_schema' &&
    (!hasTools || capabilities.structuredWithTools) &&
    !['text', 'text.format', 'text.format.type'].some((path) => rejected.fields.has(path));
  if (!isEnforced) {
    warnOfInstruction(warnings);
    return { field: undefined, line: formatInstruction(schema) };
  }
  const plainer = simplified(schema, rejected.schemas);
  if (plainer !== undefined) warnings.add('output_config.format', 'approximated', plainerSchemaText);
  const sent = plainer ?? schema;
  const format = { type: 'json_schema', name: 'response', schema: sent, strict: isStrictSchema(sent) };
  return { field: { format }, line: undefined };
}

/** Pseudonyms of the session and the user: which requests share a prompt, and which come from one person. */
function identifiers({ metadata }: JsonObject, { capabilities, sealer }: ConversionContext): JsonObject {
  if (!capabilities.identifiers) return {};
  const { user, session } = readClientIdentity(metadata);
  return {
    prompt_cache_key: session === undefined ? undefined : sealer.pseudonym(session),
    safety_identifier: user === undefined ? undefined : sealer.pseudonym(user),
  };
}

function chooseFunction(name: string): JsonObject {
  return { type: 'function', name };
}
