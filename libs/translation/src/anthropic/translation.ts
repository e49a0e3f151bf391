import type { AnthropicProvider } from '@ccg/catalog';
import { replaceSpan, writeJson } from '@ccg/wire';
import type { Translation, TranslationInput } from '../translation.ts';
import { readAnswer } from './answer.ts';
import { anthropicFailure } from './failure.ts';
import { createAnthropicStream } from './stream.ts';

/**
 * Anthropic Messages to a server that speaks them: the client's bytes go out, with the model's name replaced where
 * it differs, and the server's bytes come back. Parsing and writing anew would break signatures and prompt caches.
 */
export function createAnthropicTranslation(input: TranslationInput, { name }: AnthropicProvider): Translation {
  const { envelope, target } = input;
  const body =
    target.model === envelope.model
      ? envelope.source
      : replaceSpan(envelope.source, envelope.spans.model, writeJson(target.model));
  return {
    request: { path: '/v1/messages', headers: [['content-type', 'application/json']], body, warnings: [] },
    answer: (answer) => readAnswer(answer, name),
    stream: (sink) => createAnthropicStream(sink, name),
    failure: (upstream) => ({ error: anthropicFailure(upstream, name), retry: { kind: 'none' } }),
  };
}
