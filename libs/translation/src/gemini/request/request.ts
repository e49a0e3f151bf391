import { writeJsonBytes } from '@ccg/wire';
import type { JsonArray, JsonObject } from '@ccg/wire';
import type { SentParts } from '../../failure/remedy.ts';
import { sentMembers } from '../../failure/sent-members.ts';
import { applyRejections } from '../../request/apply-rejections.ts';
import { limitTokens } from '../../request/limit-tokens.ts';
import {
  pastReasoning,
  readRequestedThinking,
  systemMessages,
  warnOfTaskBudget,
} from '../../request/requested-thinking.ts';
import type { RequestedThinking } from '../../request/requested-thinking.ts';
import type { EffectiveTools } from '../../tools/effective-tools.ts';
import type { TranslationInput } from '../../translation.ts';
import { convertConversation } from './contents.ts';
import type { ConversionContext } from './conversion-context.ts';
import { answerForm, generationConfig } from './generation-config.ts';
import { callIdPaths } from './media.ts';
import { convertTools, jsonSchemaPath } from './tools.ts';

export interface GeminiRequest {
  readonly body: Uint8Array;
  /** What of the body can be changed if the server rejects it. */
  readonly parts: SentParts;
  /** Asks how long the prompt is. */
  countBody(): Uint8Array;
}

/** Writes the request for Gemini. */
export function convertRequest(
  body: JsonObject,
  effective: EffectiveTools,
  input: TranslationInput,
  context: ConversionContext,
): GeminiRequest {
  const { messagesRequest, maxOutputTokens: cap, estimatedInputTokens, limits } = input;
  const { warnings, rejected } = context;
  const wanted = messagesRequest.maxTokens ?? 0;
  const maxTokens = limitTokens({ wanted, cap, estimatedInputTokens, model: limits }, 1, warnings);
  const { tools, toolConfig, leavesChoice } = convertTools(body['tool_choice'], effective, input, context);
  const format = answerForm(body, leavesChoice, tools !== undefined, context);
  const requested = readRequestedThinking(body);
  warnOfTaskBudget(body, warnings);
  const { systemInstruction, contents, isSigned, counts } = convertConversation(body, format.line, context);
  const request: JsonObject = {
    systemInstruction,
    contents: [...contents],
    tools,
    toolConfig,
    safetySettings: safetySettings(context),
    generationConfig: generationConfig(body, { maxTokens, requested, format }, context),
  };
  const clientField = (path: string) => clientFieldOf(path, requested);
  const sent = applyRejections(request, rejected, { kept: indispensable, clientField, warnings });
  const members = sentMembers(sent, indispensable);
  // The declarations are written already, so their members cannot be found in them.
  if (tools !== undefined && !rejected.fields.has(jsonSchemaPath)) members.set(jsonSchemaPath, undefined);
  for (const path of callIdPaths) if (members.has(path) && rejected.fields.has(path)) members.delete(path);
  const parts: SentParts = {
    members,
    forms: new Set([
      ...(isSigned ? [pastReasoning] : []),
      ...(systemInstruction === undefined ? [] : [systemMessages]),
    ]),
    counts,
    hasSchemas: tools !== undefined || format.schema !== undefined,
    maxTokens,
    known: rejected,
  };
  const byteLength = messagesRequest.body().length;
  return {
    body: writeJsonBytes(sent, byteLength),
    parts,
    countBody: () => writeJsonBytes(countRequest(sent, input.target.model, context), byteLength),
  };
}

function countRequest(sent: JsonObject, model: string, { capabilities }: ConversionContext): JsonObject {
  const { systemInstruction, contents, tools } = sent;
  const prompt = { systemInstruction, contents, tools };
  if (!capabilities.countsWhole) return prompt;
  return { generateContentRequest: { model: `models/${model.replace(/^models\//u, '')}`, ...prompt } };
}

/** What the request means nothing without. */
const indispensable: ReadonlySet<string> = new Set([
  'systemInstruction',
  'systemInstruction.parts',
  'systemInstruction.parts[].text',
  'contents',
  'contents[].role',
  'contents[].parts',
  ...['text', 'inlineData', 'functionCall', 'functionResponse'].map((name) => `contents[].parts[].${name}`),
  ...['inlineData.mimeType', 'inlineData.data', 'functionCall.name', 'functionCall.args'].map(
    (name) => `contents[].parts[].${name}`,
  ),
  ...['name', 'response'].map((name) => `contents[].parts[].functionResponse.${name}`),
  'tools',
  'tools[].functionDeclarations',
  'generationConfig',
  'generationConfig.maxOutputTokens',
]);

function clientFieldOf(path: string, requested: RequestedThinking): string | undefined {
  if (path.startsWith('generationConfig.thinkingConfig')) {
    return requested.kind === 'asked' && requested.effort !== 'none' ? requested.field : undefined;
  }
  switch (path) {
    case 'generationConfig.responseJsonSchema':
      return 'output_config.format';
    case 'generationConfig.stopSequences':
      return 'stop_sequences';
    case 'generationConfig.temperature':
      return 'temperature';
    case 'generationConfig.topP':
      return 'top_p';
    case 'generationConfig.topK':
      return 'top_k';
    case 'toolConfig':
      return 'tool_choice';
    default:
      return undefined;
  }
}

const harms = ['HARASSMENT', 'HATE_SPEECH', 'SEXUALLY_EXPLICIT', 'DANGEROUS_CONTENT'];

function safetySettings({ capabilities: { safetyThreshold } }: ConversionContext): JsonArray | undefined {
  if (safetyThreshold === undefined) return undefined;
  return harms.map((harm) => ({ category: `HARM_CATEGORY_${harm}`, threshold: safetyThreshold }));
}
