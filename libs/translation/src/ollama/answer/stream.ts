import { createNdjsonDecoder, decodeByteString, isText, noUsage } from '@ccg/wire';
import type { JsonObject, NdjsonDecoderOptions } from '@ccg/wire';
import { readFinishReason } from '../../encoder/finish-reasons.ts';
import { createDeltaReader } from '../../encoder/deltas/delta-reader.ts';
import type { Encoder } from '../../encoder/encoder.ts';
import { createEventStream } from '../../encoder/event-stream.ts';
import { gaveUpError, malformedError } from '../../encoder/stream-errors.ts';
import type { ToolFragment } from '../../encoder/tool-calls.ts';
import { isFailure, notAnAnswer, saysError } from '../../failure/says-error.ts';
import type { FailureContext } from '../../failure/tell-failure.ts';
import { inBandFailure } from '../../failure/upstream-failure.ts';
import { asCount, asList, asObject, asText } from '../../json-fields.ts';
import { inputLiteral, nonEmptyLiteral, textLiteral } from '../../json-literal.ts';
import type { StreamTranslator } from '../../translation.ts';
import { mayHoldContent } from '../../unread-content.ts';
import { ollamaDelta } from './delta-form.ts';
import { hasStrayContent, isKnownMessage } from './known-form.ts';
import { createLineReader } from './line-reader.ts';

const movedKeys: ReadonlySet<string> = new Set(['arguments']);

/** Feeds the encoder from Ollama's lines, in any chunking. A whole answer is a single line of the same form. */
export function createOllamaStream(
  encoder: Encoder,
  context: FailureContext,
  options?: NdjsonDecoderOptions,
): StreamTranslator {
  const deltas = createDeltaReader(ollamaDelta, (literal, { kind }) => {
    if (kind === 'content') encoder.text(literal);
    else encoder.thinking(literal);
  });
  const told = new Map<string, ToolFragment>();
  const reader = createLineReader(
    {
      known: deltas.known,
      object(line, json) {
        readLine(line, told, encoder, context);
        if (json !== '') deltas.learn(json, line);
      },
      hole() {
        encoder.fail(malformedError(context.provider));
      },
      words(text) {
        encoder.fail(inBandFailure(decodeByteString(text), context));
      },
    },
    { rawKeys: movedKeys },
  );
  const decoder = createNdjsonDecoder(reader.take, options);
  return createEventStream(encoder, {
    push: decoder.push,
    end() {
      decoder.end();
      reader.end();
    },
  });
}

/** Hands one line to the encoder. The last one says why the answer ends, and how long prompt and answer were. */
function readLine(line: JsonObject, told: ToldCalls, encoder: Encoder, context: FailureContext): void {
  if (saysError(line['error'])) {
    encoder.fail(inBandFailure(line, context));
    return;
  }
  if (!isKnownMessage(line['message']) || hasStrayContent(line)) {
    encoder.fail(malformedError(context.provider));
    return;
  }
  const message = asObject(line['message']);
  if (message !== undefined) readMessage(message, line['done'] === true, told, encoder);
  if (line['done'] === true) {
    readUsage(line, encoder);
    finish(asText(line['done_reason']), encoder, context.provider);
    encoder.marker();
  } else if (message === undefined && (isFailure(line) || mayHoldContent(line)))
    encoder.fail(notAnAnswer(line, context));
}

/** The calls of the lines before, by their ids. */
type ToldCalls = Map<string, ToolFragment>;

function readMessage(
  { thinking, content, tool_calls: calls }: JsonObject,
  isLast: boolean,
  told: ToldCalls,
  encoder: Encoder,
): void {
  if (isText(thinking)) encoder.thinking(textLiteral(thinking));
  if (isText(content)) encoder.text(textLiteral(content));
  const fragments = asList(calls).map((call) => readCall(asObject(call) ?? {}));
  if (isLast) encoder.lastCalls(fragments);
  else for (const fragment of fragments) if (!isToldAgain(fragment, told)) encoder.toolCall(fragment);
  for (const fragment of fragments) if (fragment.id !== undefined) told.set(fragment.id, fragment);
}

/** The same call with the same id, in another line, is that call once more. */
function isToldAgain({ id, name, input }: ToolFragment, told: ToldCalls): boolean {
  const known = id === undefined ? undefined : told.get(id);
  return known !== undefined && known.name === name && known.input === input;
}

/** A call is never in pieces, so that neither an index that comes again nor a missing id joins two. */
function readCall(call: JsonObject): ToolFragment {
  const definition = asObject(call['function']) ?? {};
  return {
    index: undefined,
    id: nonEmptyLiteral(call['id']),
    name: nonEmptyLiteral(definition['name']),
    input: inputLiteral(definition['arguments']),
    whole: true,
  };
}

/** Both counts may be missing: that of a prompt is where all of it was known from the request before. */
function readUsage(line: JsonObject, encoder: Encoder): void {
  const inputTokens = asCount(line['prompt_eval_count']);
  const outputTokens = asCount(line['eval_count']);
  if (inputTokens === undefined && outputTokens === undefined) return;
  encoder.usage({ ...noUsage, inputTokens: inputTokens ?? 0, outputTokens: outputTokens ?? 0 });
}

/** Calls end with `stop` too, so the encoder tells from the blocks what the client is told. */
function finish(reason: string | undefined, encoder: Encoder, provider: string): void {
  const end = readFinishReason(reason);
  if (end.kind === 'gave-up') encoder.fail(gaveUpError(provider, end.isOverloaded));
  else encoder.finish(end.kind === 'finished' ? end.finish : { kind: 'stop' });
}
