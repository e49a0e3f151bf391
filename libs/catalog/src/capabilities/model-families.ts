import type { NemotronSwitches } from '../provider.ts';
import type { ChatOverrides, OperatorThinking, ThinkingForm } from './capabilities.ts';
import { openAiModel } from './openai.ts';

type Family = (switches: NemotronSwitches) => ChatOverrides;

/**
 * Open models by the name after a vendor's prefix, wherever they are served; the first match counts. A model that
 * is known to see nothing is never sent an image: many servers answer that with a failure, for the rest of a session.
 */
const families: readonly (readonly [RegExp, Family])[] = [
  [
    /^gpt-oss/u,
    () => ({
      images: false,
      thinking: { kind: 'effort', field: 'reasoning_effort', levels: ['low', 'medium', 'high'], refusesTools: false },
    }),
  ],
  [/nemotron.*(?:v1[._]5|nano.*v2)/u, (switches) => nemotronLine('/think', '/no_think', switches)],
  [/^llama.*nemotron/u, (switches) => nemotronLine('detailed thinking on', 'detailed thinking off', switches)],
  [/nemotron/u, (switches) => ({ images: false, thinking: templateFlag('enable_thinking', {}, operatorOf(switches)) })],
  [/^deepseek-(?:chat-)?v(?:3\.[1-9]|[4-9])/u, () => thinker('thinking', { images: false })],
  [/^deepseek-(?!vl|ocr)/u, () => ({ images: false, replayReasoning: 'content' })],
  [/^kimi-k2(?:$|-|:)/u, () => ({ images: false, replayReasoning: 'content-always' })],
  [/^kimi-k/u, () => thinker('thinking', { replayReasoning: 'content-always' })],
  [/^glm-(?:4\.[5-9]|[5-9])/u, () => glm],
  [/^qwen3.*(?:instruct|coder|thinking)/u, () => ({ replayReasoning: 'content' })],
  [/^qwen3/u, () => thinker('enable_thinking', {})],
  [/^(?:minimax|mimo)/u, () => ({ images: false, replayReasoning: 'content-always' })],
  // Their chat templates refuse any other id, and two turns of one role.
  [
    /^(?:mistral|ministral|mixtral|codestral|devstral|magistral)/u,
    () => ({ toolIds: 'nine-letters', alternates: true }),
  ],
  // Bedrock, which serves many of them, refuses calls without tools.
  [/^claude-/u, () => ({ pdfs: true, cacheMarks: true, callsWithoutTools: false })],
  [/^gemini-/u, () => ({ pdfs: true, cacheMarks: true })],
];

const glm: ChatOverrides = {
  thinking: {
    kind: 'flag',
    at: 'chat_template_kwargs',
    name: 'enable_thinking',
    with: { clear_thinking: false },
    operator: undefined,
  },
  replayReasoning: 'content',
};

/** What follows from a model's name. */
export function modelFamily(name: string, switches: NemotronSwitches): ChatOverrides {
  const family = families.find(([pattern]) => pattern.test(name));
  return family === undefined ? (openAiModel(name) ?? {}) : family[1](switches);
}

function nemotronLine(on: string, off: string, switches: NemotronSwitches): ChatOverrides {
  // Only the newest generation takes a budget.
  return { images: false, thinking: { kind: 'line', on, off, operator: { ...operatorOf(switches), budgetTokens: 0 } } };
}

function operatorOf({ thinking, reasoningBudgetTokens }: NemotronSwitches): OperatorThinking {
  return { on: thinking, budgetTokens: reasoningBudgetTokens };
}

function thinker(name: 'thinking' | 'enable_thinking', more: ChatOverrides): ChatOverrides {
  return { thinking: templateFlag(name, {}, undefined), replayReasoning: 'content', ...more };
}

function templateFlag(
  name: 'thinking' | 'enable_thinking',
  more: Readonly<Record<string, boolean>>,
  operator: OperatorThinking | undefined,
): ThinkingForm {
  return { kind: 'flag', at: 'chat_template_kwargs', name, with: more, operator };
}
