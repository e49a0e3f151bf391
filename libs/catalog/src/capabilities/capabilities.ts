import type { ThinkTags } from './think-tags.ts';

/** The families of chat-completions servers whose differences are known. */
export type ChatProfile = 'openai' | 'nvidia' | 'openrouter' | 'compatible';

/** How much a model is asked to think, from least to most. */
export const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;

export type Effort = (typeof efforts)[number];

/** How a server is asked to think more, less or not at all. */
export type ThinkingForm =
  /** Nothing is known, so nothing is sent. */
  | { readonly kind: 'none' }
  /** A level, in `reasoning_effort` or in OpenRouter's `reasoning.effort`. */
  | {
      readonly kind: 'effort';
      readonly field: 'reasoning_effort' | 'reasoning';
      readonly levels: readonly Effort[];
      /** Whether the server refuses function tools at any level but `none`. */
      readonly refusesTools: boolean;
    }
  /** `thinking.type`; the levels, if any, go into `reasoning_effort` while it is on. */
  | { readonly kind: 'type'; readonly levels: readonly Effort[] }
  /** A switch, in the body or among the arguments of the chat template. */
  | {
      readonly kind: 'flag';
      readonly at: 'body' | 'chat_template_kwargs';
      readonly name: 'thinking' | 'enable_thinking';
      /** Sent beside the switch. */
      readonly with: Readonly<Record<string, boolean>>;
      readonly operator: OperatorThinking | undefined;
    }
  /** Models that can think do, unless `reasoning_effort` is `none`; its other levels are refused. */
  | { readonly kind: 'off-switch' }
  /** A line of the instructions. */
  | {
      readonly kind: 'line';
      readonly on: string;
      readonly off: string;
      readonly operator: OperatorThinking | undefined;
    };

/** What the operator decided about thinking; a client may ask for less, never for more. */
export interface OperatorThinking {
  readonly on: boolean;
  /** Sent as `reasoning_budget`; 0 sends none. */
  readonly budgetTokens: number;
}

/** How a backend wants the ids of tool calls. */
export type ToolIdRule = 'any' | 'at-most-64' | 'nine-letters';

/** How one model of a chat-completions server differs from the next; shared code reads this, never a name. */
export interface ChatCapabilities {
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** The smallest limit on output that the server takes. */
  readonly outputTokensMin: number;
  /** The role of the leading instructions. */
  readonly systemRole: 'system' | 'developer';
  /** Whether instructions may stand between turns, or must become a reminder in the user's turn. */
  readonly systemTurns: 'in-place' | 'reminder';
  /** Whether user and assistant must take turns, and the user may say nothing between results of tools and the answer. */
  readonly alternates: boolean;
  /** Whether a history may have calls when the request declares no tools. */
  readonly callsWithoutTools: boolean;
  /** When `temperature` and `top_p` are accepted. */
  readonly sampling: 'always' | 'without-thinking' | 'never';
  /** How many stop sequences are accepted; 0 means none. */
  readonly stopSequencesMax: number;
  /** Whether `stream_options.include_usage` is accepted. */
  readonly streamUsage: boolean;
  /** Whether the server pads its chunks unless it is told not to. */
  readonly obfuscates: boolean;
  /** The content of an assistant message that has tool calls alone. */
  readonly emptyContent: null | '';
  /** Whether the server takes `prompt_cache_key` and `safety_identifier`. */
  readonly identifiers: boolean;
  /** Whether `cache_control` on parts of messages is honoured. */
  readonly cacheMarks: boolean;
  /** Whether the service must be told to choose only endpoints that take all that is sent, once tools are. */
  readonly routesByParameters: boolean;
  readonly images: boolean;
  readonly pdfs: boolean;
  readonly thinking: ThinkingForm;
  /** Where reasoning may stand inside the text of an answer. */
  readonly thinkTags: ThinkTags;
  /** What a server needs back of its reasoning: nothing, the text beside calls, the same even if empty, or its own state. */
  readonly replayReasoning: 'none' | 'content' | 'content-always' | 'details';
  readonly structuredOutput: 'json_schema' | 'json_object' | 'none';
  /** Whether a form of the answer leaves the model free to call tools. */
  readonly structuredWithTools: boolean;
  readonly strictTools: boolean;
  /** Whether the server refuses some schemas of tools even when they are not strict. */
  readonly plainSchemas: boolean;
  readonly parallelToolCalls: boolean;
  /** Whether calls that the model writes into its text are calls; the operator says so. */
  readonly textCalls: boolean;
  readonly toolNameMax: number;
  readonly toolIds: ToolIdRule;
}

/** A part of a record that overrides what stands below it. */
export type ChatOverrides = Partial<ChatCapabilities>;
