import { spliceBytes, writeJson } from '@ccg/wire';
import type { Splice } from '@ccg/wire';
import type { FailureReading } from '../failure/read-failure.ts';
import { readRejections } from '../failure/rejections.ts';
import { unknownSize } from '../failure/tell-failure.ts';
import type { FailureContext } from '../failure/tell-failure.ts';
import { readHttpFailure } from '../failure/upstream-failure.ts';
import { anthropicCount } from '../request/prompt-count.ts';
import { pastReasoning, reasoningInMessages } from '../request/requested-thinking.ts';
import type { AnswerReader, Translation, TranslationInput, UpstreamFailure } from '../translation.ts';
import { collectWhole } from '../encoder/message-writer.ts';
import { createAnthropicCollector } from './collect-message.ts';
import { anthropicFailure } from './failure.ts';
import { historyEdits } from './history-edits.ts';
import { createAnthropicStream } from './stream.ts';

/**
 * Passes Messages through to a server of Anthropic. The client's bytes are sent, with the model's name replaced and the
 * gateway's own reasoning state removed, and the server's bytes come back. Parsing and rewriting would break signatures
 * and prompt caches.
 */
export function createAnthropicTranslation(input: TranslationInput): Translation {
  const { messagesRequest, rejections } = input;
  const { name } = input.target.provider;
  const withoutReasoning = readRejections(rejections).forms.has(pastReasoning);
  const edits = [...historyEdits(messagesRequest, withoutReasoning ? 'all' : 'ours'), ...modelEdit(input)];
  const request = {
    headers: [],
    body: spliceBytes(
      messagesRequest.body(),
      edits.toSorted((a, b) => a.start - b.start),
    ),
    warnings: [],
  };
  return {
    request,
    count: anthropicCount(request),
    // At Anthropic a request for no token warms the cache.
    localAnswer: undefined,
    reader: createReader({
      context: { provider: name, model: input.target.model, at: unknownSize },
      requestId: input.requestId,
      isRetry: withoutReasoning,
    }),
  };
}

interface ReaderInput {
  readonly context: FailureContext;
  readonly requestId: string;
  /** Whether the reasoning of earlier turns was already left out. */
  readonly isRetry: boolean;
}

function createReader({ context, requestId, isRetry }: ReaderInput): AnswerReader {
  const named = { ...context, requestId };
  return {
    answer: (body) => collectWhole(createAnthropicCollector(named), body),
    collect: () => createAnthropicCollector(named),
    stream: (sink) => createAnthropicStream(sink, named),
    failure(upstream, at) {
      const reading = readHttpFailure(upstream);
      return { error: anthropicFailure(reading, upstream, { ...context, at }), retry: retryOf(reading, isRetry) };
    },
  };
}

function modelEdit({ messagesRequest, target }: TranslationInput): readonly Splice[] {
  if (target.model === messagesRequest.model) return [];
  return [{ ...messagesRequest.modelSpan, replacement: writeJson(target.model) }];
}

/** A history of another account or model may hold reasoning that this one cannot verify. Without it a retry works. */
function retryOf({ cause }: FailureReading, isRetry: boolean): UpstreamFailure['retry'] {
  const isAboutReasoning =
    cause.kind === 'form-rejected' && (cause.form === pastReasoning || cause.form === reasoningInMessages);
  if (isRetry || !isAboutReasoning) return { kind: 'none' };
  return { kind: 'changed', rejections: [{ kind: 'form', form: pastReasoning }], isLearned: false };
}
