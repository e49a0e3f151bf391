import { isJsonObject, writeJsonBytes } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import type { SentParts } from '../../failure/remedy.ts';
import { asList, asObject } from '../../json-fields.ts';
import { limitTokens } from '../../request/limit-tokens.ts';
import {
  forcedWhileThinking,
  callsWithoutText,
  historyWithoutReasoning,
  pastReasoning,
  thinkingWithTools,
  readRequestedThinking,
  warnOfTaskBudget,
  withoutThinking,
} from '../../request/requested-thinking.ts';
import { asksForStream, formOfAnswer } from '../../request/whole-answers.ts';
import type { EffectiveTools } from '../../tools/effective-tools.ts';
import { convertToolChoice } from '../../tools/function-choice.ts';
import { isWebSearch } from '../../tools/web-search.ts';
import type { TranslationInput } from '../../translation.ts';
import { convertAnswerFormat } from './answer-format.ts';
import { countMarks } from './cache-marks.ts';
import type { ConversionContext } from './conversion-context.ts';
import { convertIdentifiers } from './identifiers.ts';
import { convertMessages } from './messages.ts';
import { maxTokensField, withoutRejected } from './rejected-members.ts';
import { convertSampling } from './sampling.ts';
import { canStopThinking, convertThinking } from './thinking.ts';
import { convertTools } from './tools.ts';

export interface ChatRequest {
  readonly body: Uint8Array;
  /** What of the body can be changed if the backend rejects it. */
  readonly parts: SentParts;
}

/** Writes the body of a chat completion request from the client's request. */
export function convertRequest(
  body: JsonObject,
  effective: EffectiveTools,
  input: TranslationInput,
  context: ConversionContext,
): ChatRequest {
  const { messagesRequest, target } = input;
  const { capabilities, warnings, rejected } = context;
  const stream = asksForStream(messagesRequest.stream, rejected);
  const maxTokens = tokenLimit(input, context);
  const tools = convertTools(effective, input, context);
  const hasTools = tools.names.length > 0;
  const searches = capabilities.webSearch !== 'none' && effective.tools.some(isWebSearch);
  const format = convertAnswerFormat(body, hasTools, context);
  const choice = convertToolChoice(body['tool_choice'], tools.names, { ...context, choose: chooseFunction });
  const requested = readRequestedThinking(body);
  const wanted = isCalm(choice, context) ? withoutThinking(requested, warnings) : requested;
  const thinking = convertThinking(wanted, asLearned(context), { hasTools, maxTokens }, warnings);
  warnOfTaskBudget(body, warnings);
  const isThinking = thinking.fields['reasoning_effort'] !== 'none';
  const { messages, forms, counts } = convertMessages(body, [thinking.line, format.line], hasTools, context);
  const request: JsonObject = {
    model: target.model,
    messages,
    [maxTokensField(context)]: maxTokens,
    ...convertSampling(body, isThinking, context),
    ...thinking.fields,
    // Several servers reject an empty list.
    tools: hasTools || searches ? tools.value : undefined,
    ...choice,
    ...format.fields,
    ...convertIdentifiers(body, context),
    provider: hasTools && capabilities.routesByParameters ? { require_parameters: true } : undefined,
    stream,
    stream_options: stream ? streamOptions(context) : undefined,
  };
  const { sent, members } = withoutRejected(request, { hasStrict: tools.hasStrict, requested }, context);
  const parts: SentParts = {
    members,
    forms: new Set([
      ...forms,
      ...formOfAnswer(stream),
      ...thinkingForms(sent, members, context),
      ...formsOfCalls(sent, context),
      ...(hasTools && isEffortBesideTools(context) ? [thinkingWithTools] : []),
    ]),
    counts: new Map([
      ...counts,
      ['stop sequences', asList(sent['stop']).length],
      ['cache marks', countMarks(messages)],
    ]),
    hasSchemas: hasTools || format.fields['response_format'] !== undefined,
    maxTokens,
    known: rejected,
  };
  return { body: writeJsonBytes(sent, messagesRequest.body().length), parts };
}

function tokenLimit(input: TranslationInput, { capabilities, warnings }: ConversionContext): number {
  const { messagesRequest, maxOutputTokens: cap, estimatedInputTokens, limits } = input;
  const wanted = messagesRequest.maxTokens ?? 0;
  return limitTokens({ wanted, cap, estimatedInputTokens, model: limits }, capabilities.outputTokensMin, warnings);
}

/** Whether the backend was found to reject the forced choice of this request beside thinking. */
function isCalm(choice: JsonObject, { rejected: { fields, forms } }: ConversionContext): boolean {
  return isForced(choice) && !fields.has('tool_choice') && forms.has(forcedWhileThinking);
}

function isForced({ tool_choice: choice }: JsonObject): boolean {
  return choice === 'required' || isJsonObject(choice);
}

/** The capabilities, with what the backend was found to reject of them. */
function asLearned({ capabilities, rejected: { forms } }: ConversionContext): ConversionContext['capabilities'] {
  const { thinkingForm } = capabilities;
  if (thinkingForm.kind !== 'effort' || !forms.has(thinkingWithTools)) return capabilities;
  return { ...capabilities, thinkingForm: { ...thinkingForm, refusesTools: true } };
}

/** Whether an effort is sent in requests that have tools. */
function isEffortBesideTools(context: ConversionContext): boolean {
  const { thinkingForm } = asLearned(context);
  return thinkingForm.kind === 'effort' && !thinkingForm.refusesTools;
}

/** The forms that thinking gives to a request, as far as there is another. */
function thinkingForms(
  sent: JsonObject,
  members: SentParts['members'],
  { capabilities: { thinkingForm }, rejected }: ConversionContext,
): readonly string[] {
  const canStop = canStopThinking(thinkingForm) && !rejected.forms.has(forcedWhileThinking);
  const repeats = ['reasoning_content', 'reasoning_details'].some((name) => members.has(`messages[].${name}`));
  return [...(isForced(sent) && canStop ? [forcedWhileThinking] : []), ...(repeats ? [pastReasoning] : [])];
}

/** What the calls of a history stand without, as far as that is not known to be refused. */
function formsOfCalls({ messages }: JsonObject, { capabilities, rejected }: ConversionContext): readonly string[] {
  const { replayReasoning } = capabilities;
  const called = asList(messages)
    .map(asObject)
    .filter((message) => message?.['tool_calls'] !== undefined);
  const mayLackReasoning = replayReasoning === 'none' || replayReasoning === 'content';
  return [
    ...(called.length > 0 && mayLackReasoning ? [historyWithoutReasoning] : []),
    ...(called.some((message) => message?.['content'] === null) ? [callsWithoutText] : []),
  ].filter((form) => !rejected.forms.has(form));
}

function streamOptions({ capabilities, rejected }: ConversionContext): JsonObject | undefined {
  if (!capabilities.streamUsage) return undefined;
  const isPadded = capabilities.obfuscates && !rejected.fields.has('stream_options.include_obfuscation');
  return { include_usage: true, include_obfuscation: isPadded ? false : undefined };
}

function chooseFunction(name: string): JsonObject {
  return { type: 'function', function: { name } };
}
