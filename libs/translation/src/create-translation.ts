import { assertNever } from '@ccg/kernel';
import { createCompatibleTranslation } from './anthropic-compatible/translation.ts';
import { createAnthropicTranslation } from './anthropic/translation.ts';
import { createGeminiTranslation } from './gemini/translation.ts';
import { createOllamaTranslation } from './ollama/translation.ts';
import { createChatTranslation } from './openai-chat/translation.ts';
import { createResponsesTranslation } from './openai-responses/translation.ts';
import type { Translation, TranslationInput } from './translation.ts';

/**
 * Translates one request for one target, in the target's dialect. Throws `request-invalid` with the path of
 * the field that cannot be translated.
 */
export function createTranslation(input: TranslationInput): Translation {
  const { target } = input;
  switch (target.dialect) {
    case 'anthropic': {
      return target.capabilities.passthrough
        ? createAnthropicTranslation(input)
        : createCompatibleTranslation(input, target.capabilities);
    }
    case 'openai-chat':
      return createChatTranslation(input, target.capabilities);
    case 'openai-responses':
      return createResponsesTranslation(input, target.capabilities);
    case 'ollama':
      return createOllamaTranslation(input, target.capabilities);
    case 'gemini':
      return createGeminiTranslation(input, target.capabilities);
    default:
      return assertNever(target);
  }
}
