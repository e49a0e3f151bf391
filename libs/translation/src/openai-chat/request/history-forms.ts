import type { HistoryStep } from '../../history/pair-tool-results.ts';
import type { ConversionContext } from './conversion-context.ts';

/**
 * Forms of a history that some backends refuse. They stand among the fields that a backend may refuse, and are
 * remembered with them, since only the chat template of a model knows.
 */
const historyForms = {
  anyOrder: 'messages in any order',
  toolMessages: 'messages of tools',
  callsWithoutTools: 'calls without tools',
} as const;

/** How the history of one request is told. */
export interface HistoryPlan {
  /** Whether user and assistant must take turns, with nothing of the user between the results of tools and the answer. */
  readonly alternates: boolean;
  /** Whether calls and results are told as text. */
  readonly callsAsText: boolean;
  /** The forms that were chosen and that the backend may refuse. */
  readonly forms: readonly string[];
}

/** Chooses the forms that the backend takes, as far as is known. */
export function planHistory(
  steps: readonly HistoryStep[],
  hasTools: boolean,
  { capabilities, rejected }: ConversionContext,
): HistoryPlan {
  const { anyOrder, toolMessages, callsWithoutTools } = historyForms;
  const hasCalls = steps.some((step) => step.kind === 'results');
  const alternates = mustAlternate({ capabilities, rejected });
  const lacksTools = !hasTools && (!capabilities.callsWithoutTools || rejected.has(callsWithoutTools));
  const callsAsText = hasCalls && (lacksTools || rejected.has(toolMessages));
  const keepsCalls = hasCalls && !callsAsText;
  return {
    alternates,
    callsAsText,
    forms: [
      ...(alternates ? [] : [anyOrder]),
      ...(keepsCalls ? [toolMessages] : []),
      ...(keepsCalls && !hasTools ? [callsWithoutTools] : []),
    ],
  };
}

export function mustAlternate({
  capabilities,
  rejected,
}: Pick<ConversionContext, 'capabilities' | 'rejected'>): boolean {
  return capabilities.alternates || rejected.has(historyForms.anyOrder);
}

const orderRefused =
  /roles must alternate|unexpected role '\w+' after role|only user(?:, system)? and assistant roles are supported/iu;
const callsRefused = /toolConfig field must be defined|(?:tool_use|tool_result|tool_calls).{0,80}must define tools/isu;

/** Which of the forms that were sent a server refuses, by its words. */
export function rejectedForms(message: string, sent: ReadonlySet<string>): readonly string[] {
  const { anyOrder, toolMessages, callsWithoutTools } = historyForms;
  if (callsRefused.test(message) && sent.has(callsWithoutTools)) return [callsWithoutTools];
  if (!orderRefused.test(message)) return [];
  // A template that knows no messages of tools says the same of them.
  const first = [anyOrder, toolMessages].find((form) => sent.has(form));
  return first === undefined ? [] : [first];
}
