import type { HistoryStep } from '../../history/pair-tool-results.ts';
import type { ConversionContext } from './conversion-context.ts';

/**
 * Forms of a history that some backends reject. They are learned like rejected fields: only a model's chat template
 * decides.
 */
const historyForms = {
  anyOrder: 'messages in any order',
  toolMessages: 'messages of tools',
  callsWithoutTools: 'calls without tools',
} as const;

/** The form of one request's history. */
export interface HistoryPlan {
  /** Whether user and assistant must alternate, without a user message between tool results and the answer. */
  readonly alternates: boolean;
  /** Whether calls and results are sent as text. */
  readonly callsAsText: boolean;
  /** The chosen forms that the backend may reject. */
  readonly forms: readonly string[];
}

/** Chooses the forms that the backend accepts, as far as is known. */
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

/** Which of the forms that were sent a server rejects, by the text of its error. */
export function rejectedForms(message: string, sent: ReadonlySet<string>): readonly string[] {
  const { anyOrder, toolMessages, callsWithoutTools } = historyForms;
  if (callsRefused.test(message) && sent.has(callsWithoutTools)) return [callsWithoutTools];
  if (!orderRefused.test(message)) return [];
  // A template without tool messages reports the same error for them.
  const first = [anyOrder, toolMessages].find((form) => sent.has(form));
  return first === undefined ? [] : [first];
}
