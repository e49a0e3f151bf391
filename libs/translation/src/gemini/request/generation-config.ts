import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { formatInstruction, readAnswerFormat, warnOfInstruction } from '../../request/answer-format.ts';
import { closestEffort } from '../../request/requested-thinking.ts';
import type { RequestedThinking } from '../../request/requested-thinking.ts';
import { constAsEnum } from '../../tools/schema/openapi-schema.ts';
import { plainerSchemaText, simplified } from '../../tools/schema/plainer-schema.ts';
import { readStopSequences } from '../../request/stop-sequences.ts';
import type { ConversionContext } from './conversion-context.ts';

/** The settings of the answer. */
export function generationConfig(
  body: JsonObject,
  { maxTokens, requested, format }: { maxTokens: number; requested: RequestedThinking; format: AnswerForm },
  context: ConversionContext,
): JsonObject {
  const { temperature, top_p: topP, top_k: topK } = body;
  return {
    maxOutputTokens: maxTokens,
    temperature: asNumber(temperature),
    topP: asNumber(topP),
    topK: asNumber(topK),
    stopSequences: stopSequences(body, context),
    thinkingConfig: thinkingConfig(requested, maxTokens, context),
    responseMimeType: format.schema === undefined ? undefined : 'application/json',
    responseJsonSchema: format.schema,
  };
}

function asNumber(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function stopSequences(
  body: JsonObject,
  { capabilities: { stopSequencesMax: most }, warnings }: ConversionContext,
): JsonText[] | undefined {
  const sequences = readStopSequences(body);
  if (sequences.length > most) {
    warnings.add('stop_sequences', 'unsupported', `Only the first ${most} stop sequences were sent.`);
  }
  return sequences.length === 0 || most === 0 ? undefined : sequences.slice(0, most);
}

/**
 * How much to think. Where nothing is asked the model thinks as little as it can, as Claude does: thoughts count as
 * output, and a short answer would be used up by them.
 */
function thinkingConfig(
  requested: RequestedThinking,
  maxTokens: number,
  { capabilities: { thinking }, warnings }: ConversionContext,
): JsonObject | undefined {
  const effort = requested.kind === 'asked' ? requested.effort : 'none';
  const includeThoughts = effort === 'none' ? undefined : true;
  switch (thinking.kind) {
    case 'never':
      if (requested.kind === 'asked' && effort !== 'none') {
        warnings.add(requested.field, 'unsupported', 'This model does not think. Thinking was not requested.');
      }
      return undefined;
    case 'levels':
      return { includeThoughts, thinkingLevel: closestEffort(effort, thinking.levels) };
    case 'budget': {
      const { min, max, canStop } = thinking;
      if (effort === 'none') return { thinkingBudget: canStop ? 0 : min };
      const asked = requested.kind === 'asked' ? requested.budgetTokens : undefined;
      // The rest is for the answer.
      const most = Math.min(max, Math.floor(maxTokens * budgetPart));
      return { includeThoughts, thinkingBudget: Math.max(min, Math.min(asked ?? budgets[effort], most)) };
    }
  }
}

const budgetPart = 0.75;
const budgets = { minimal: 512, low: 2048, medium: 8192, high: 24_576, xhigh: 32_768, max: 32_768 };

/** The form of the answer that is enforced, or the line that asks for it. */
export interface AnswerForm {
  readonly schema: JsonValue | undefined;
  readonly line: JsonText | undefined;
}

/** Older models refuse a form of the answer beside tools. */
export function answerForm(
  body: JsonObject,
  leavesChoice: boolean,
  hasTools: boolean,
  { capabilities, rejected, warnings }: ConversionContext,
): AnswerForm {
  const schema = readAnswerFormat(body, warnings);
  if (schema === undefined) return { schema: undefined, line: undefined };
  const isFree = !hasTools || (capabilities.structuredWithTools && leavesChoice);
  if (!isFree || rejected.fields.has('generationConfig.responseJsonSchema')) {
    warnOfInstruction(warnings);
    return { schema: undefined, line: formatInstruction(schema) };
  }
  const plainer = simplified(schema, rejected.schemas);
  if (plainer !== undefined) warnings.add('output_config.format', 'approximated', plainerSchemaText);
  return { schema: constAsEnum(plainer ?? schema), line: undefined };
}
