import type { Effort, ModelOverride, ModelTraits, ThinkingTrait } from './model-traits.ts';
import { openAiTraits } from './openai-models.ts';

/** A model of which nothing is known. */
export const unknownModel: ModelTraits = {
  images: true,
  pdfs: false,
  sampling: 'always',
  outputTokensMin: 1,
  thinking: { kind: 'unknown' },
  operatorThinking: undefined,
  replayReasoning: 'none',
  thinkTags: 'tagged',
  textCalls: false,
};

/**
 * Open models by the name after a vendor's prefix, wherever they are served; the first match counts. A model that
 * is known to see nothing is never sent an image: many servers answer that with a failure, for the rest of a session.
 */
const families: readonly (readonly [RegExp, Partial<ModelTraits>])[] = [
  [/^gpt-oss/u, { images: false, thinking: levels('low', 'medium', 'high') }],
  [/nemotron.*(?:v1[._]5|nano.*v2)/u, { images: false, thinking: line('/think', '/no_think') }],
  [/^llama.*nemotron/u, { images: false, thinking: line('detailed thinking on', 'detailed thinking off') }],
  // Only this generation takes a budget.
  [/nemotron/u, { images: false, thinking: { ...template('enable_thinking'), takesBudget: true } }],
  [
    /^deepseek-(?:chat-)?v(?:3\.[1-9]|[4-9])/u,
    { images: false, thinking: template('thinking'), replayReasoning: 'content' },
  ],
  [/^deepseek-(?!vl|ocr)/u, { images: false, replayReasoning: 'content' }],
  [/^kimi-k2(?:$|-|:)/u, { images: false, replayReasoning: 'content-always' }],
  [/^kimi-k/u, { thinking: template('thinking'), replayReasoning: 'content-always' }],
  [
    /^glm-(?:4\.[5-9]|[5-9])/u,
    { thinking: template('enable_thinking', { clear_thinking: false }), replayReasoning: 'content' },
  ],
  [/^qwen3.*(?:instruct|coder|thinking)/u, { replayReasoning: 'content' }],
  [/^qwen3/u, { thinking: template('enable_thinking'), replayReasoning: 'content' }],
  [/^(?:minimax|mimo)/u, { images: false, replayReasoning: 'content-always' }],
  [/^(?:claude-|gemini-)/u, { pdfs: true }],
];

/** Their chat templates write the opening tag themselves, so that the model only closes it. */
const opensThinkTagInPrompt = /(?:^|\/)(?:deepseek-r1|qwq|qwen3.*thinking|glm-z1|nemotron.*reason)/iu;

/** What follows from a model's name. */
export function traitsByName(model: string): Partial<ModelTraits> {
  const name = bareName(model);
  const family = families.find(([pattern]) => pattern.test(name))?.[1] ?? openAiTraits(name);
  return opensThinkTagInPrompt.test(model) ? { ...family, thinkTags: 'unopened' } : { ...family };
}

/** The name after a vendor's prefix (`openai/gpt-4.1`), in lower case. */
export function bareName(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1).toLowerCase();
}

/** What the operator says of a model; later overrides count first. */
export function traitsByOperator(model: string, overrides: readonly ModelOverride[]): Partial<ModelTraits> {
  const name = model.toLowerCase();
  let traits: Partial<ModelTraits> = {};
  for (const { models, traits: stated } of overrides) {
    if (!models.some((part) => part === '*' || name.includes(part))) continue;
    const { thinking: operatorThinking, ...rest } = stated;
    traits = { ...traits, ...definedOf(rest), ...definedOf({ operatorThinking }) };
  }
  return traits;
}

/** An undefined member would hide what stands below it. */
function definedOf(traits: Readonly<Record<string, unknown>>): Partial<ModelTraits> {
  return Object.fromEntries(Object.entries(traits).filter(([, value]) => value !== undefined));
}

function levels(...accepted: readonly Effort[]): ThinkingTrait {
  return { kind: 'levels', levels: accepted, refusesTools: false };
}

function line(on: string, off: string): ThinkingTrait {
  return { kind: 'line', on, off };
}

function template(argument: 'thinking' | 'enable_thinking', more: Readonly<Record<string, boolean>> = {}) {
  return { kind: 'template', argument, with: more, takesBudget: false } as const;
}
