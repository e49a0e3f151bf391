import { toGatewayError } from '@ccg/kernel';
import { bytesToString, createFrameSplitter } from '@ccg/wire';
import { wholeAnswer } from '../encoder/message-writer.ts';
import { malformedError } from '../encoder/stream-errors.ts';
import type { FrameSink, StreamTranslator } from '../translation.ts';
import { readForm } from './answer-form.ts';
import type { AnswerForm } from './answer-form.ts';
import { createPassage } from './passage.ts';
import type { StreamNames } from './passage.ts';

/**
 * Passes an Anthropic stream through in whole frames, unchanged. Where the stop reason is missing, or an event cannot
 * be read, an `error` event takes its place; where only `message_stop` is missing, it is added. Nothing follows either.
 */
export function createAnthropicStream(sink: FrameSink, named: StreamNames): StreamTranslator {
  const passage = createPassage(sink, named);
  const splitter = createFrameSplitter(passage.pass);
  const document: Uint8Array[] = [];
  let documentBytes = 0;
  let form: AnswerForm['kind'] = 'undecided';

  function take(bytes: Uint8Array): void {
    const opening = form === 'undecided' ? readForm(bytes) : { kind: form, bytes };
    form = opening.kind;
    if (opening.kind === 'events') splitter.push(opening.bytes);
    else if (opening.kind === 'document') hold(opening.bytes);
  }

  function hold(bytes: Uint8Array): void {
    document.push(bytes);
    documentBytes += bytes.length;
    if (documentBytes > wholeAnswer.maxEventBytes) passage.fail(malformedError(named.provider), 'failed');
  }

  return {
    push(bytes) {
      if (!passage.isOpen()) return;
      try {
        take(bytes);
      } catch (thrown) {
        passage.fail(toGatewayError(thrown), 'failed');
      }
    },
    end() {
      if (!passage.isOpen()) return;
      if (form === 'document') passage.document(Buffer.concat(document));
      else passage.end(bytesToString(splitter.end()));
    },
    fail(failure) {
      passage.fail(failure, 'failed');
    },
    progress: passage.progress,
  };
}
