import type { Translation, UpstreamFailure } from '@ccg/translation';
import { callErrorToGatewayError, findInHead, UpstreamCallError, wrongBaseUrlError } from '@ccg/upstream';
import type { AttemptContext } from './attempt-context.ts';
import { callProvider } from './call-provider.ts';
import { learnFromSilence } from './learn-from-silence.ts';
import type { Outcome } from './outcome.ts';
import type { Rejections } from './rejected-parameters.ts';
import { readRejection } from './read-rejection.ts';
import { relayJson } from './relay-json.ts';
import { relayStream } from './relay-stream.ts';
import { translate } from './translate.ts';
import { writeLocalAnswer } from './write-local-answer.ts';

/** How often a provider may refuse something and be asked again without it. */
const rejectionsMax = 3;

/**
 * One provider's answer. What it refuses of the request is left out, before the client has seen anything, and not
 * sent to that model again for a while. Throws `GatewayError` while the client can still be given a status.
 */
export async function attempt(context: AttemptContext): Promise<Outcome> {
  const { target, dependencies, facts } = context;
  const estimatedInputTokens = await context.estimate.tokens();
  let rejected = dependencies.rejectedParameters.of(target);
  for (let rejections = 0; ; rejections += 1) {
    const translation = translate(context, estimatedInputTokens, rejected);
    facts.warnings = translation.request.warnings;
    if (translation.localAnswer !== undefined) return await writeLocalAnswer(context, translation.localAnswer);
    const tried = await askOnce(context, translation);
    if (tried.kind === 'answered') return tried.outcome;
    const { error, retry } = tried;
    const next = withRejection(rejected, retry);
    if (next === undefined || rejections >= rejectionsMax) throw error;
    remember(context, retry);
    rejected = next;
  }
}

/** What is learned of the model for the next requests. */
function remember(
  { target, dependencies: { rejectedParameters } }: AttemptContext,
  retry: UpstreamFailure['retry'],
): void {
  if (retry.kind === 'without') rejectedParameters.addFields(target, retry.fields);
  if (retry.kind === 'shorter') rejectedParameters.addLimits(target, retry.limits);
}

/** What the next try of this request leaves out; undefined when no other try would fare better. */
function withRejection(rejected: Rejections, retry: UpstreamFailure['retry']): Rejections | undefined {
  switch (retry.kind) {
    case 'none':
    case 'as-is':
      return undefined;
    case 'without':
    case 'once-without':
      return { ...rejected, fields: new Set([...rejected.fields, ...retry.fields]) };
    case 'shorter':
      return { ...rejected, limits: { ...rejected.limits, outputTokens: retry.outputTokens } };
  }
}

type Tried =
  | { readonly kind: 'answered'; readonly outcome: Outcome }
  | ({ readonly kind: 'rejected' } & UpstreamFailure);

async function askOnce(context: AttemptContext, translation: Translation): Promise<Tried> {
  const { messagesRequest, sink, target } = context;
  const { request, reader } = translation;
  const { hangProneFields = [] } = request;
  try {
    const response = await callProvider(context, 'messages', request, sink.signal);
    if (response.status < 200 || response.status > 299) {
      return { kind: 'rejected', ...(await readRejection(response, reader, context)) };
    }
    const wrongBaseUrl = findInHead(response);
    if (wrongBaseUrl !== undefined) {
      response.body.abort();
      throw wrongBaseUrlError(target, wrongBaseUrl);
    }
    // From here on nobody asks again.
    messagesRequest.release();
    const outcome = messagesRequest.stream
      ? await relayStream(context, reader, response, hangProneFields)
      : await relayJson(context, reader, response);
    return { kind: 'answered', outcome };
  } catch (thrown) {
    learnFromSilence(context, hangProneFields, thrown);
    throw thrown instanceof UpstreamCallError ? callErrorToGatewayError(thrown, target.provider.name) : thrown;
  }
}
