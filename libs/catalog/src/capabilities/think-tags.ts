/**
 * Where a model's reasoning may stand inside its text: nowhere, between `<think>` and `</think>` at the beginning, or
 * before a closing tag whose opening one was part of the prompt.
 */
export type ThinkTags = 'none' | 'tagged' | 'unopened';

/** Their chat templates write the opening tag themselves, so that the model only closes it. */
const opensInPrompt = /(?:^|\/)(?:deepseek-r1|qwq|qwen3.*thinking|glm-z1|nemotron.*reason)/iu;

/**
 * Where to look for reasoning in the text of a model. Servers that take it out themselves are not affected, since
 * then no tag begins the text. Services of one vendor, and OpenRouter, always take it out.
 */
export function thinkTags(profile: 'openai' | 'nvidia' | 'openrouter' | 'compatible', model: string): ThinkTags {
  switch (profile) {
    case 'openai':
    case 'openrouter':
      return 'none';
    case 'nvidia':
    case 'compatible':
      return opensInPrompt.test(model) ? 'unopened' : 'tagged';
  }
}
