import { assertNever } from '@ccg/kernel';
import { anthropicCapabilities } from '@ccg/catalog';
import { createCompatibleTranslation } from './anthropic-compatible/translation.ts';
import { createAnthropicTranslation } from './anthropic/translation.ts';
import { createChatTranslation } from './openai-chat/translation.ts';
import type { Translation, TranslationInput } from './translation.ts';

/**
 * Translates one request for one target, in the dialect of its provider. Throws `request-invalid` with the path of
 * the field that cannot be translated.
 */
export function createTranslation(input: TranslationInput): Translation {
  const { provider } = input.target;
  switch (provider.dialect) {
    case 'anthropic': {
      const capabilities = anthropicCapabilities(provider.profile);
      return capabilities.passthrough
        ? createAnthropicTranslation(input, provider)
        : createCompatibleTranslation(input, provider, capabilities);
    }
    case 'openai-chat':
      return createChatTranslation(input, provider);
    default:
      return assertNever(provider);
  }
}
