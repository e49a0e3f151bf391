import { bytesToString } from '@ccg/wire';
import type { BlockWriter, MessageHead } from '../../encoder/block-writer.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { translateDocument } from '../../encoder/message-writer.ts';
import { malformedError } from '../../encoder/stream-errors.ts';
import { asList, asObject, tryReadJson } from '../../json-fields.ts';
import type { Answer, FrameSink } from '../../translation.ts';
import { errorOf, readChoice, readUsage } from './read-choice.ts';
import { inBandFailure } from '../../failure/upstream-failure.ts';
import type { FailureContext } from '../../failure/upstream-failure.ts';
import { createUsageMeter } from './usage.ts';

const movedKeys: ReadonlySet<string> = new Set(['arguments']);

/** Translates a whole chat completion. It is one big chunk, so the rules of a stream hold for it, too. */
export function translateResponse(
  body: Uint8Array,
  head: MessageHead,
  encoderFor: (writer: BlockWriter, sink: FrameSink) => Encoder,
  context: FailureContext,
): Answer {
  const completion = asObject(tryReadJson(bytesToString(body), { rawKeys: movedKeys }));
  if (completion === undefined) return { kind: 'failure', error: malformedError(context.provider) };
  const failure = errorOf(completion);
  if (failure !== undefined) return { kind: 'failure', error: inBandFailure(failure, context) };
  return translateDocument(head, encoderFor, (encoder) => {
    const meter = createUsageMeter();
    readUsage(completion, meter);
    const reported = meter.usage();
    if (reported !== undefined) encoder.usage(reported);
    for (const choice of asList(completion['choices'])) readChoice(asObject(choice), encoder, context);
    // The document ended, so nothing is missing from it, whether or not it names a reason.
    encoder.marker();
  });
}
