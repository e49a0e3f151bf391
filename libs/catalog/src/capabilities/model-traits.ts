import { openAiTraits } from './openai-models.ts';

/** How much a model is asked to think, from least to most. */
export const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

export type Effort = (typeof efforts)[number];

/** By what a model's thinking is controlled, whatever the dialect. */
export type ThinkingTrait =
  /** Nothing is known. */
  | { readonly kind: 'unknown' }
  /** By a level; `refusesTools`: with tools the model takes no level but `none`. */
  | { readonly kind: 'levels'; readonly levels: readonly Effort[]; readonly refusesTools: boolean }
  /** By an argument of its chat template. */
  | {
      readonly kind: 'template';
      readonly argument: 'thinking' | 'enable_thinking';
      /** Set beside the switch. */
      readonly with: Readonly<Record<string, boolean>>;
      /** Whether its server also takes a budget of tokens. */
      readonly takesBudget: boolean;
    }
  /** By a line of the instructions. */
  | { readonly kind: 'line'; readonly on: string; readonly off: string };

/** What the operator decided about thinking; a client may ask for less, never for more. */
export interface OperatorThinking {
  readonly on: boolean;
  /** Sent as `reasoning_budget` to models that take one; 0 sends none. */
  readonly budgetTokens: number;
}

/**
 * Where a model's reasoning may stand inside its text: nowhere, between `<think>` and `</think>` at the beginning, or
 * before a closing tag whose opening one was part of the prompt.
 */
export type ThinkTags = 'none' | 'tagged' | 'unopened';

/** What a model can do, in any dialect. How a dialect says it is a form of that dialect. */
export interface ModelTraits {
  readonly images: boolean;
  readonly pdfs: boolean;
  /** When `temperature` and `top_p` are accepted. */
  readonly sampling: 'always' | 'without-thinking' | 'never';
  /** The smallest limit on output that is accepted. */
  readonly outputTokensMin: number;
  readonly thinking: ThinkingTrait;
  readonly operatorThinking: OperatorThinking | undefined;
  /** What must be sent back of its reasoning: nothing, the text beside calls, the same even if empty, or its own state. */
  readonly replayReasoning: 'none' | 'content' | 'content-always' | 'details';
  readonly thinkTags: ThinkTags;
  /** Whether tool calls that the model writes as plain text are tool calls. Only the operator can know. */
  readonly textCalls: boolean;
}

/** An operator's correction of what is known of models. */
export interface ModelOverride {
  /** Parts of model names, in lower case; `*` is every model. */
  readonly models: readonly string[];
  readonly traits: {
    readonly images?: boolean | undefined;
    readonly pdfs?: boolean | undefined;
    readonly textCalls?: boolean | undefined;
    /** Applies to models whose thinking is switched on and off. */
    readonly thinking?: OperatorThinking | undefined;
  };
}

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
