import { isEmptyText, isText } from '@ccg/wire';
import type { JsonObject } from '@ccg/wire';
import { argumentsText } from '../../history/calls-as-text.ts';
import type { HistoryCall, HistoryStep } from '../../history/pair-tool-results.ts';
import type { HistoryBlock } from '../../history/history-block.ts';
import { asText } from '../../json-fields.ts';
import { pastReasoning } from '../../request/requested-thinking.ts';
import { callName } from '../../tools/tool-names.ts';
import { readReasoningState } from '../reasoning-state.ts';
import type { ReasoningDetail } from '../reasoning-state.ts';
import { warnOfBlock } from './content.ts';
import type { ConversionContext } from './conversion-context.ts';

type AssistantStep = Extract<HistoryStep, { kind: 'assistant' }>;

/** The items of one answer. Reasoning stands right before what it led to; the server refuses it without that. */
export function assistantItems({ blocks, calls }: AssistantStep, context: ConversionContext): JsonObject[] {
  const items: JsonObject[] = [];
  let reasoning: JsonObject[] = [];
  let phase: string | undefined;
  const add = (item: JsonObject) => {
    items.push(...reasoning, item);
    reasoning = [];
  };
  for (const part of inOrder(blocks, calls)) {
    if ('key' in part) {
      add(callItem(part, context));
      continue;
    }
    const { text } = part.block;
    switch (part.type) {
      case 'text':
        if (isText(text)) add({ type: 'message', role: 'assistant', content: text, phase });
        phase = undefined;
        break;
      case 'thinking':
      case 'redacted_thinking':
        for (const detail of detailsOf(part, context)) {
          if (detail.kind === 'phase') ({ phase } = detail);
          else reasoning.push(reasoningItem(detail, part, reasoning.length === 0));
        }
        break;
      default:
        warnOfBlock(part, context);
    }
  }
  return items;
}

function inOrder(blocks: readonly HistoryBlock[], calls: readonly HistoryCall[]): (HistoryBlock | HistoryCall)[] {
  const ordered: (HistoryBlock | HistoryCall)[] = [];
  let next = 0;
  for (const call of calls) {
    for (; next < call.at; next += 1) ordered.push(...blocks.slice(next, next + 1));
    ordered.push(call);
  }
  return [...ordered, ...blocks.slice(next)];
}

function callItem(call: HistoryCall, { toolIds, toolNames, warnings }: ConversionContext): JsonObject {
  return {
    type: 'function_call',
    call_id: toolIds.inward(call.key, call.repeat),
    name: callName(call, toolNames, warnings),
    arguments: argumentsText(call.block.block['input']),
  };
}

/** What was sealed into a block. State of another backend, old or forged state is dropped without a warning. */
function detailsOf(
  { type, block }: HistoryBlock,
  { capabilities, rejected, sealer }: ConversionContext,
): readonly ReasoningDetail[] {
  const sealed = asText(type === 'thinking' ? block['signature'] : block['data']);
  const state = sealed === undefined ? undefined : sealer.open(sealed);
  const details = state === undefined ? [] : readReasoningState(state);
  const takesReasoning = capabilities.encryptedReasoning && !rejected.forms.has(pastReasoning);
  return details.filter(({ kind }) => kind === 'phase' || takesReasoning);
}

/** The visible text of a run is the summary of its first item. Without an id, since nothing is stored at the server. */
function reasoningItem(
  { encrypted }: Extract<ReasoningDetail, { kind: 'reasoning' }>,
  { block }: HistoryBlock,
  isFirst: boolean,
): JsonObject {
  const { thinking } = block;
  const summary =
    isFirst && isText(thinking) && !isEmptyText(thinking) ? [{ type: 'summary_text', text: thinking }] : [];
  return { type: 'reasoning', summary, encrypted_content: encrypted };
}
