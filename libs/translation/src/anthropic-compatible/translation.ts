import type { AnthropicCapabilities } from '@ccg/catalog';
import { createAnswerReader, readerInputOf } from '../encoder/create-answer-reader.ts';
import type { ReaderInput } from '../encoder/create-answer-reader.ts';
import { answerWithoutSearch, emptyAnswer } from '../encoder/local-answer.ts';
import { createChunkDecoder } from '../encoder/event-data.ts';
import type { Encoder } from '../encoder/encoder.ts';
import { createEventStream } from '../encoder/event-stream.ts';
import { withReasoningMarkers } from '../encoder/filters/think-tags.ts';
import { withSnapshots } from '../encoder/filters/with-snapshots.ts';
import { readRejections } from '../failure/rejections.ts';
import { circumstancesOf } from '../request/circumstances.ts';
import { anthropicCount } from '../request/prompt-count.ts';
import { readRequest } from '../request/read-request.ts';
import { declaredNames, effectiveTools } from '../tools/effective-tools.ts';
import { sealCall } from '../tools/call-state.ts';
import { createToolIds, usedToolIds } from '../tools/tool-ids.ts';
import { createToolNames } from '../tools/tool-names.ts';
import { readWebSearch } from '../tools/web-search.ts';
import type { AnswerReader, Sealer, Translation, TranslationInput } from '../translation.ts';
import { createWarnings } from '../warnings.ts';
import { createEventReader } from './read-events.ts';
import { convertForCompatible } from './request.ts';
import { sealSignature } from './signature-state.ts';

/** The longest name that the Anthropic API accepts. */
const toolNameMax = 128;

/** Translates Messages for a server that imitates the Anthropic API in part. Throws `request-invalid`. */
export function createCompatibleTranslation(input: TranslationInput, capabilities: AnthropicCapabilities): Translation {
  const { name } = input.target.provider;
  const warnings = createWarnings();
  const request = readRequest(input, warnings);
  const { tools } = effectiveTools(request, warnings);
  const isStream = input.messagesRequest.stream;
  const circumstances = circumstancesOf(request, { hasTools: tools.length > 0, isStream });
  const names = createToolNames(declaredNames(tools), toolNameMax);
  const toolIds = createToolIds('any');
  const context = {
    capabilities,
    provider: name,
    ids: toolIds,
    names,
    rejected: readRejections(input.rejections, circumstances),
    sealer: input.sealer,
    warnings,
  };
  const { body, parts } = convertForCompatible(request, tools, input, context);
  const sent = { headers: [], body, warnings: warnings.list() };
  return {
    request: sent,
    count: anthropicCount(sent),
    localAnswer: emptyAnswer(input) ?? answerWithoutSearch(input, readWebSearch(request, tools)),
    reader: createReader(
      {
        ...readerInputOf(input),
        toolNames: { outward: names.original, declares: () => true },
        isUsedId: usedToolIds(request['messages'], toolIds.given()),
        sent: parts,
      },
      input.sealer,
    ),
  };
}

/** A function of its own, so that its closures hold nothing of the request. */
function createReader(input: ReaderInput, sealer: Sealer): AnswerReader {
  return createAnswerReader(input, {
    sign: () => '',
    sealCall: (id, members) => sealCall(id, members, sealer),
    // Local servers leave reasoning in the text where they have no parser for their model.
    filter: (encoder) =>
      withSnapshots(withReasoningMarkers(withSealedSignatures(encoder, sealer), 'tagged'), input.provider),
    stream: (encoder, context, options) =>
      createEventStream(encoder, createChunkDecoder(createEventReader(encoder, context), options)),
  });
}

/** No signature of this server leaves the gateway as it came. */
function withSealedSignatures(encoder: Encoder, sealer: Sealer): Encoder {
  return {
    ...encoder,
    signature(literal) {
      encoder.signature(sealSignature(literal, sealer));
    },
    redactedThinking(literal) {
      encoder.redactedThinking(sealSignature(literal, sealer));
    },
  };
}
