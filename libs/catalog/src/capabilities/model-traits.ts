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
