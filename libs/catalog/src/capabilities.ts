/** The families of chat-completions servers whose differences are known. */
export type ChatProfile = 'openai' | 'nvidia' | 'openrouter' | 'compatible';

/** How one model of a chat-completions server differs from the next; shared code reads this, never a name. */
export interface ChatCapabilities {
  readonly maxTokensField: 'max_tokens' | 'max_completion_tokens';
  /** The role of the leading instructions. */
  readonly systemRole: 'system' | 'developer';
  /** Whether instructions may stand between turns, or must become a reminder in the user's turn. */
  readonly systemTurns: 'in-place' | 'reminder';
  /** Whether `temperature` and `top_p` are accepted. */
  readonly sampling: boolean;
  /** How many stop sequences are accepted; 0 means none. */
  readonly stopSequencesMax: number;
  /** Whether `stream_options.include_usage` is accepted. */
  readonly streamUsage: boolean;
}

const reasoningModel = /^(?:o\d+(?:-|$)|gpt-(?:[5-9]|\d{2,})(?!-chat))/u;

/** The capabilities of a model, by the family of its server and the rules of OpenAI's model names. */
export function chatCapabilities(profile: ChatProfile, model: string): ChatCapabilities {
  switch (profile) {
    case 'openai': {
      const reasons = reasoningModel.test(model);
      return {
        maxTokensField: 'max_completion_tokens',
        systemRole: reasons ? 'developer' : 'system',
        systemTurns: 'in-place',
        sampling: !reasons,
        stopSequencesMax: reasons ? 0 : 4,
        streamUsage: true,
      };
    }
    case 'nvidia':
    case 'openrouter':
    case 'compatible':
      return {
        maxTokensField: 'max_tokens',
        systemRole: 'system',
        systemTurns: 'reminder',
        sampling: true,
        stopSequencesMax: 4,
        streamUsage: true,
      };
  }
}
