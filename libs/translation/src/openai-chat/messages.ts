import { isText, joinTexts, textStartsWith } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { mergeTurns } from '../history/merge-turns.ts';
import { pairToolResults } from '../history/pair-tool-results.ts';
import type { HistoryStep } from '../history/pair-tool-results.ts';
import { placeSystemTurns } from '../history/place-system-turns.ts';
import { readTurns } from '../history/read-turns.ts';
import { asList, asObject } from '../json-fields.ts';
import { assistantMessage } from './assistant-message.ts';
import type { ConversionContext } from './conversion-context.ts';
import { toolMessages } from './tool-results.ts';
import { userMessage } from './user-content.ts';

/** The chat messages of a request: its instructions, ended by the lines given, then its history. */
export function convertMessages(
  body: JsonObject,
  lines: readonly (JsonText | undefined)[],
  context: ConversionContext,
): JsonObject[] {
  const { systemRole, systemTurns } = context.capabilities;
  const told = [systemText(body['system']), ...lines].filter((text) => text !== undefined);
  const system = told.length === 0 ? undefined : joinTexts(told, '\n\n');
  const turns = placeSystemTurns(readTurns(asList(body['messages'])), systemTurns, context.warnings);
  const steps = pairToolResults(mergeTurns(turns));
  return [...(system === undefined ? [] : [{ role: systemRole, content: system }]), ...convertSteps(steps, context)];
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
 * The instructions as one text. Claude Code's attribution line changes from request to request and would spoil the
 * backend's prefix cache.
 */
function systemText(system: JsonValue | undefined): JsonText | undefined {
  if (isText(system)) return system;
  const texts = asList(system)
    .map((block) => asObject(block)?.['text'])
    .filter(isText)
    .filter((text) => !textStartsWith(text, 'x-anthropic-billing-header:'));
  return texts.length === 0 ? undefined : joinTexts(texts, '\n\n');
}
