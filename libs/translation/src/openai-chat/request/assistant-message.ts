import { isEmptyText, isText, joinTexts } from '@ccg/wire';
import type { JsonObject, JsonText } from '@ccg/wire';
import { argumentsText } from '../../history/calls-as-text.ts';
import type { HistoryCall } from '../../history/pair-tool-results.ts';
import type { HistoryBlock } from '../../history/history-block.ts';
import { asObject, asText } from '../../json-fields.ts';
import { sealedMembers } from '../../tools/call-state.ts';
import type { CallMembers } from '../../tools/call-state.ts';
import { callName } from '../../tools/tool-names.ts';
import { callsWithoutText, historyWithoutReasoning, pastReasoning } from '../../request/requested-thinking.ts';
import type { Sealer } from '../../translation.ts';
import { readReasoningState } from '../reasoning-state.ts';
import type { ConversionContext } from './conversion-context.ts';

/** The assistant message with these blocks and calls, or none if nothing can be sent. */
export function assistantMessage(
  blocks: readonly HistoryBlock[],
  calls: readonly HistoryCall[],
  context: ConversionContext,
): JsonObject[] {
  const texts = blocks.flatMap((block) => assistantTexts(block, context));
  if (texts.length === 0 && calls.length === 0) return [];
  const members = calls.length === 0 ? undefined : sealedMembers(blocks, context.sealer);
  return [
    {
      role: 'assistant',
      content: texts.length === 0 ? emptyContent(context) : joinTexts(texts, '\n\n'),
      ...replayedReasoning(blocks, calls.length > 0, context),
      tool_calls: calls.length === 0 ? undefined : calls.map((call) => toolCall(call, members?.get(call.key), context)),
    },
  ];
}

function emptyContent({ capabilities, rejected }: ConversionContext): null | '' {
  return rejected.forms.has(callsWithoutText) ? '' : capabilities.emptyContent;
}

function assistantTexts({ type, block, path }: HistoryBlock, { warnings }: ConversionContext): JsonText[] {
  switch (type) {
    case 'text': {
      const { text } = block;
      return isText(text) ? [text] : [];
    }
    case 'thinking':
    case 'redacted_thinking':
      // Reasoning of an earlier turn is not part of the text.
      return [];
    default:
      warnings.add(path(), 'unsupported', `Unsupported block type "${type}". The block was removed.`);
      return [];
  }
}

function toolCall(
  call: HistoryCall,
  members: CallMembers | undefined,
  { toolIds, toolNames, warnings }: ConversionContext,
): JsonObject {
  const definition = {
    ...asObject(members?.['function']),
    name: callName(call, toolNames, warnings),
    arguments: argumentsText(call.block.block['input']),
  };
  return { ...members, id: toolIds.inward(call.key, call.repeat), type: 'function', function: definition };
}

/**
 * The reasoning of an assistant turn that the backend needs back: its text, or the state that was sealed into the
 * client's history. State of another backend, old or forged state is dropped without a warning.
 */
function replayedReasoning(
  blocks: readonly HistoryBlock[],
  hasCalls: boolean,
  { capabilities, sealer, rejected }: ConversionContext,
): JsonObject {
  if (rejected.forms.has(pastReasoning)) return {};
  const replay = rejected.forms.has(historyWithoutReasoning) ? 'content-always' : capabilities.replayReasoning;
  switch (replay) {
    case 'none':
      return {};
    case 'content':
    case 'content-always': {
      if (!hasCalls) return {};
      const text = thinkingText(blocks);
      const isSent = !isEmptyText(text) || replay === 'content-always';
      return isSent ? { reasoning_content: text } : {};
    }
    case 'details': {
      const details = blocks.flatMap((block) => openedDetails(block, sealer)).filter(isReplayable);
      return details.length === 0 ? {} : { reasoning_details: details };
    }
  }
}

function thinkingText(blocks: readonly HistoryBlock[]): JsonText {
  const texts = blocks.map(({ type, block }) => (type === 'thinking' ? block['thinking'] : undefined)).filter(isText);
  return joinTexts(
    texts.filter((text) => !isEmptyText(text)),
    '\n\n',
  );
}

function openedDetails({ type, block }: HistoryBlock, { open }: Sealer): readonly JsonObject[] {
  const sealed = asText(type === 'thinking' ? block['signature'] : block['data']);
  const state = sealed === undefined ? undefined : open(sealed);
  return state === undefined ? [] : (readReasoningState(state)?.details ?? []);
}

/** Claude and Gemini reject reasoning that they did not sign. */
function isReplayable({ type, format, signature }: JsonObject): boolean {
  if (asText(type) !== 'reasoning.text') return true;
  const isSigned = isText(signature) && !isEmptyText(signature);
  return isSigned || !/^(?:anthropic-claude|google-gemini)-/u.test(asText(format) ?? 'anthropic-claude-v1');
}
