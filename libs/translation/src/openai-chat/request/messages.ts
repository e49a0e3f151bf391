import type { ChatCapabilities } from '@ccg/catalog';
import { isAttribution, isEmptyText, isText, joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText, JsonValue } from '@ccg/wire';
import { emptyHistoryError, leftOutText, mergeTurns, readTurns } from '../../history/turns.ts';
import { pairToolResults } from '../../history/pair-tool-results.ts';
import type { HistoryStep } from '../../history/pair-tool-results.ts';
import { limitMedia } from '../../history/limit-media.ts';
import type { MediaCounts } from '../../history/limit-media.ts';
import { placeSystemTurns } from '../../history/place-system-turns.ts';
import type { HistoryBlock } from '../../history/history-block.ts';
import { asList, asObject } from '../../json-fields.ts';
import { laterSystemMessages, systemMessages, warnOfSystem } from '../../request/requested-thinking.ts';
import { alternate, joinContents } from './alternate.ts';
import { assistantMessage } from './assistant-message.ts';
import { compactParts, limitMarks, markedText } from './cache-marks.ts';
import { callsAsText } from '../../history/calls-as-text.ts';
import type { ConversionContext } from './conversion-context.ts';
import { mustAlternate, planHistory } from './history-forms.ts';
import { textPart } from './media.ts';
import { isRoleRejected } from './rejected-members.ts';
import { toolMessages } from './tool-results.ts';
import { userMessage } from './user-message.ts';

export interface ChatMessages {
  readonly messages: JsonObject[];
  /** The forms of the history that the backend may reject. */
  readonly forms: readonly string[];
  readonly counts: MediaCounts;
}

/** The chat messages of a request: its instructions, then `lines`, then its history. */
export function convertMessages(
  body: JsonObject,
  lines: readonly (JsonText | undefined)[],
  hasTools: boolean,
  context: ConversionContext,
): ChatMessages {
  const { capabilities, rejected, warnings } = context;
  const { systemTurns, cacheMarks } = capabilities;
  const systemRole = systemRoleOf(context);
  const hasSystemRole = !rejected.forms.has(systemMessages);
  const told = [...systemParts(body['system'], capabilities), ...lines.filter(isText).map((line) => textPart(line))];
  const system = told.length === 0 ? [] : [{ role: systemRole, content: compactParts(told, capabilities) }];
  const placing =
    mustAlternate(context) || !hasSystemRole || rejected.forms.has(laterSystemMessages) ? 'reminder' : systemTurns;
  const turns = placeSystemTurns(readTurns(asList(body['messages'])), placing, warnings);
  const steps = pairToolResults(mergeTurns(turns), warnings);
  const plan = planHistory(steps, hasTools, context);
  const converted = convertSteps(plan.callsAsText ? callsAsText(steps) : steps, context);
  const compact = (parts: readonly JsonObject[]) => compactParts(parts, capabilities);
  const { messages: history, counts } = limitMedia(converted, rejected.maxima, { kindOf, compact }, warnings);
  if (history.every(({ role }) => role === systemRole)) throw emptyHistoryError();
  const all = hasSystemRole ? [...system, ...history] : withSystemAsUser(system, history);
  if (!hasSystemRole && body['system'] !== undefined && told.length > 0) warnOfSystem(warnings);
  const messages = plan.alternates ? alternate(all) : all;
  const marked = cacheMarks ? limitMarks(messages, rejected.maxima.get('cache marks')) : messages;
  return { messages: marked, forms: [...plan.forms, ...systemForms(messages, systemRole)], counts };
}

/** The forms that messages of the system give to a request. */
function systemForms(messages: readonly JsonObject[], systemRole: string): readonly string[] {
  const last = messages.findLastIndex(({ role }) => role === systemRole);
  return [...(last === -1 ? [] : [systemMessages]), ...(last > 0 ? [laterSystemMessages] : [])];
}

/** The instructions at the beginning of the user's first message, which is made where there is none. */
function withSystemAsUser(system: readonly JsonObject[], history: readonly JsonObject[]): JsonObject[] {
  const [instructions] = system;
  if (instructions === undefined) return [...history];
  const [first, ...rest] = history;
  if (first?.['role'] !== 'user') return [{ ...instructions, role: 'user' }, ...history];
  return [{ ...first, content: joinContents([instructions['content'], first['content']]) }, ...rest];
}

/** A server that rejects the role of instructions takes its older name. */
function systemRoleOf({ capabilities, rejected }: ConversionContext): 'system' | 'developer' {
  return isRoleRejected({ rejected }) ? 'system' : capabilities.systemRole;
}

function kindOf({ image_url: image, file }: JsonObject): 'images' | 'files' | undefined {
  if (image !== undefined) return 'images';
  return file === undefined ? undefined : 'files';
}

function convertSteps(steps: readonly HistoryStep[], context: ConversionContext): JsonObject[] {
  const messages: JsonObject[] = [];
  let attachments: readonly JsonObject[] = [];
  for (const step of steps) {
    // Images of tool results follow all tool messages, in one message with the user's text.
    if (step.kind !== 'user') messages.push(...userMessage([], attachments, context));
    switch (step.kind) {
      case 'user':
        messages.push(...userTurn(step.blocks, attachments, messages.at(-1)?.['role'] === 'tool', context));
        break;
      case 'system': {
        const texts = step.blocks.map(({ block }) => block['text']).filter(isText);
        messages.push({ role: systemRoleOf(context), content: joinTexts(texts, '\n\n') });
        break;
      }
      case 'assistant':
        messages.push(...assistantMessage(step.blocks, step.calls, context));
        break;
      case 'results': {
        const told = toolMessages(step.results, context);
        messages.push(...told.messages);
        attachments = told.attachments;
        continue;
      }
    }
    attachments = [];
  }
  messages.push(...userMessage([], attachments, context));
  return messages;
}

/** Not empty, unless tool results come before it: without a user message two answers would be neighbours. */
function userTurn(
  blocks: readonly HistoryBlock[],
  attachments: readonly JsonObject[],
  hasResults: boolean,
  context: ConversionContext,
): JsonObject[] {
  const told = userMessage(blocks, attachments, context);
  const leftOut = told.length > 0 || hasResults ? undefined : leftOutText(blocks);
  return leftOut === undefined ? told : userMessage([leftOut], [], context);
}

/** The instructions, a part for each block. */
function systemParts(system: JsonValue | undefined, capabilities: ChatCapabilities): JsonObject[] {
  if (isText(system)) return isEmptyText(system) ? [] : [textPart(system)];
  return asList(system).flatMap((value) => {
    const block = asObject(value) ?? {};
    const { text } = block;
    if (!isText(text) || isEmptyText(text) || isAttribution(text)) return [];
    return [markedText(text, block, capabilities)];
  });
}
