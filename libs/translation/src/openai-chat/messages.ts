import type { ChatCapabilities } from '@ccg/catalog';
import { isText, joinTexts, textStartsWith } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { mergeTurns } from '../history/merge-turns.ts';
import { pairToolResults } from '../history/pair-tool-results.ts';
import type { HistoryStep } from '../history/pair-tool-results.ts';
import { placeSystemTurns } from '../history/place-system-turns.ts';
import { readTurns } from '../history/read-turns.ts';
import { asList, asObject } from '../json-fields.ts';
import { assistantMessage } from './assistant-message.ts';
import { compactParts, limitMarks, markedText } from './cache-marks.ts';
import type { ConversionContext } from './conversion-context.ts';
import { textPart } from './media.ts';
import { toolMessages } from './tool-results.ts';
import { userMessage } from './user-content.ts';

/** The chat messages of a request: its instructions, ended by the lines given, then its history. */
export function convertMessages(
  body: JsonObject,
  lines: readonly (JsonText | undefined)[],
  context: ConversionContext,
): JsonObject[] {
  const { capabilities } = context;
  const { systemRole, systemTurns, cacheMarks } = capabilities;
  const told = [...systemParts(body['system'], capabilities), ...lines.filter(isText).map((line) => textPart(line))];
  const system = told.length === 0 ? [] : [{ role: systemRole, content: compactParts(told, capabilities) }];
  const turns = placeSystemTurns(readTurns(asList(body['messages'])), systemTurns, context.warnings);
  const steps = pairToolResults(mergeTurns(turns));
  const messages = [...system, ...convertSteps(steps, context)];
  return cacheMarks ? limitMarks(messages) : messages;
}

function convertSteps(steps: readonly HistoryStep[], context: ConversionContext): JsonObject[] {
  const messages: JsonObject[] = [];
  let attachments: readonly JsonObject[] = [];
  for (const step of steps) {
    // Images of tool results come after all tool messages, together with what the user says there.
    if (step.kind === 'user') messages.push(...userMessage(step.blocks, attachments, context));
    else messages.push(...userMessage([], attachments, context));
    attachments = [];
    switch (step.kind) {
      case 'user':
        break;
      case 'system': {
        const texts = step.blocks.map(({ block }) => block['text']).filter(isText);
        messages.push({ role: context.capabilities.systemRole, content: joinTexts(texts, '\n\n') });
        break;
      }
      case 'assistant':
        messages.push(...assistantMessage(step.blocks, step.calls, context));
        break;
      case 'results': {
        const told = toolMessages(step.results, context);
        messages.push(...told.messages);
        attachments = told.attachments;
        break;
      }
    }
  }
  messages.push(...userMessage([], attachments, context));
  return messages;
}

/**
 * The instructions, a part for each block. Claude Code's attribution line changes from request to request and would
 * spoil the backend's prefix cache.
 */
function systemParts(system: JsonValue | undefined, capabilities: ChatCapabilities): JsonObject[] {
  if (isText(system)) return [textPart(system)];
  return asList(system).flatMap((value) => {
    const block = asObject(value) ?? {};
    const { text } = block;
    if (!isText(text) || textStartsWith(text, 'x-anthropic-billing-header:')) return [];
    return [markedText(text, block, capabilities)];
  });
}
