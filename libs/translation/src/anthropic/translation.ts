import { bytesToString, spliceBytes, writeJson } from '@ccg/wire';
import type { Splice } from '@ccg/wire';
import type { AnswerReader, Translation, TranslationInput, UpstreamFailure } from '../translation.ts';
import { readAnswer } from './answer.ts';
import { anthropicFailure } from './failure.ts';
import { historyEdits } from './history-edits.ts';
import { createAnthropicStream } from './stream.ts';

/** The name under which a refused signature is retried: the same request without the reasoning of earlier turns. */
const pastReasoning = 'messages.thinking';
const signatureRefused =
  /Invalid `?signature`? in `?thinking`? block|thinking\.signature: Field required|must start with a thinking block|`?thinking`? or `?redacted_thinking`? blocks .*cannot be modified/iu;

/**
 * Anthropic Messages to a server that speaks them: the client's bytes go out, with the model's name replaced where
 * it differs and the gateway's own reasoning state cut out, and the server's bytes come back. Parsing and writing anew
 * would break signatures and prompt caches.
 */
export function createAnthropicTranslation(input: TranslationInput): Translation {
  const { messagesRequest, rejectedFields } = input;
  const { name } = input.target.provider;
  const withoutReasoning = rejectedFields.has(pastReasoning);
  const edits = [...historyEdits(messagesRequest, withoutReasoning ? 'all' : 'ours'), ...modelEdit(input)];
  return {
    request: {
      headers: [],
      body: spliceBytes(
        messagesRequest.body(),
        edits.toSorted((a, b) => a.start - b.start),
      ),
      warnings: [],
    },
    // What asks for no token warms a cache there.
    localAnswer: undefined,
    reader: createReader(name, withoutReasoning),
  };
}

/** `isRetry` says that the reasoning of earlier turns was already left out. */
function createReader(provider: string, isRetry: boolean): AnswerReader {
  return {
    answer: (body) => readAnswer(body, provider),
    stream: (sink) => createAnthropicStream(sink, provider),
    failure: (upstream) => ({
      error: anthropicFailure(upstream, provider),
      retry: retryOf(upstream.status, upstream.body, isRetry),
    }),
  };
}

function modelEdit({ messagesRequest, target }: TranslationInput): readonly Splice[] {
  if (target.model === messagesRequest.model) return [];
  return [{ ...messagesRequest.modelSpan, replacement: writeJson(target.model) }];
}

/** A history that changed hands may hold reasoning that this account or model cannot check; without it, it can go on. */
function retryOf(status: number, body: Uint8Array, isRetry: boolean): UpstreamFailure['retry'] {
  if (isRetry || status !== 400 || !signatureRefused.test(bytesToString(body))) return { kind: 'none' };
  return { kind: 'once-without', fields: [pastReasoning] };
}
