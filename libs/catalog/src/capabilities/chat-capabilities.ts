import type { Effort, ModelTraits } from './model-traits.ts';

/** The families of chat-completions servers whose differences are known. */
export const chatProfiles = ['openai', 'nvidia', 'openrouter', 'compatible'] as const;

export type ChatProfile = (typeof chatProfiles)[number];

/** How a chat-completions server is asked to think more, less or not at all. */
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
      /** Whether `reasoning_budget` is taken. */
      readonly takesBudget: boolean;
    }
  /** Models that can think do, unless `reasoning_effort` is `none`; its other levels are refused. */
  | { readonly kind: 'off-switch' }
  /** A line of the instructions. */
  | { readonly kind: 'line'; readonly on: string; readonly off: string };

/** How a backend wants the ids of tool calls. */
export type ToolIdRule = 'any' | 'at-most-64' | 'nine-letters';

/** How chat completions are written for one model of one server: field names, roles and what is left out. */
export interface ChatForms {
  /** Whether the server fetches images itself; else they are sent as bytes alone. */
  readonly imageUrls: boolean;
  /** Whether the model is asked by the Responses API of its server instead, where all else of this record holds too. */
  readonly responses: boolean;
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** The role of the leading instructions. */
  readonly systemRole: 'system' | 'developer';
  /** Whether instructions may stand between turns, or must become a reminder in the user's turn. */
  readonly systemTurns: 'in-place' | 'reminder';
  /** Whether user and assistant must take turns, and the user may say nothing between results of tools and the answer. */
  readonly alternates: boolean;
  /** Whether a history may have calls when the request declares no tools. */
  readonly callsWithoutTools: boolean;
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
  readonly thinkingForm: ThinkingForm;
  readonly structuredOutput: 'json_schema' | 'json_object' | 'none';
  /** Whether a form of the answer leaves the model free to call tools. */
  readonly structuredWithTools: boolean;
  readonly strictTools: boolean;
  /** Whether the server refuses some schemas of tools even when they are not strict. */
  readonly plainSchemas: boolean;
  readonly parallelToolCalls: boolean;
  /** How the server is asked to search the web by itself, if it can. */
  readonly webSearch: 'none' | 'openrouter-tool';
  readonly toolNameMax: number;
  readonly toolIds: ToolIdRule;
}

/** All that a translation to chat completions reads of its target; shared code reads this, never a name. */
export interface ChatCapabilities extends ModelTraits, ChatForms {}

/** A part of the record that goes before what is known so far. */
export type ChatOverrides = Partial<ChatCapabilities>;
