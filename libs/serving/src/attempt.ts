import type { Translation, UpstreamFailure } from '@ccg/translation';
import { callErrorToGatewayError, UpstreamCallError } from '@ccg/upstream';
import type { AttemptContext } from './attempt-context.ts';
import { callProvider } from './call-provider.ts';
import { learnFromSilence } from './learn-from-silence.ts';
import type { Outcome } from './outcome.ts';
import type { Refused } from './refusals.ts';
import { refusal } from './refusal.ts';
import { relayJson } from './relay-json.ts';
import { relayStream } from './relay-stream.ts';
import { translate } from './translate.ts';
import { writeOwnAnswer } from './write-own-answer.ts';

/** How often a provider may refuse something and be asked again without it. */
const refusalsMax = 3;

/**
 * One provider's answer. What it refuses of the request is left out, before the client has seen anything, and not
 * sent to that model again for a while. Throws `GatewayError` while the client can still be given a status.
 */
export async function attempt(context: AttemptContext): Promise<Outcome> {
  const { target, dependencies, facts } = context;
  const estimatedInputTokens = await context.estimate.tokens();
  let refused = dependencies.refusals.of(target);
  for (let refusals = 0; ; refusals += 1) {
    const translation = translate(context, estimatedInputTokens, refused);
    facts.warnings = translation.request.warnings;
    if (translation.ownAnswer !== undefined) return await writeOwnAnswer(context, translation.ownAnswer);
    const tried = await askOnce(context, translation);
    if (tried.kind === 'answered') return tried.outcome;
    const { error, retry } = tried;
    const next = withRefusal(refused, retry);
    if (next === undefined || refusals >= refusalsMax) throw error;
    remember(context, retry);
    refused = next;
  }
}

/** What is learned of the model for the next requests. */
function remember({ target, dependencies: { refusals } }: AttemptContext, retry: UpstreamFailure['retry']): void {
  if (retry.kind === 'without') refusals.addFields(target, retry.fields);
  if (retry.kind === 'shorter') refusals.addLimits(target, retry.limits);
}

/** What the next try of this request leaves out; undefined when no other try would fare better. */
function withRefusal(refused: Refused, retry: UpstreamFailure['retry']): Refused | undefined {
  switch (retry.kind) {
    case 'none':
    case 'as-is':
      return undefined;
    case 'without':
    case 'once-without':
      return { ...refused, fields: new Set([...refused.fields, ...retry.fields]) };
    case 'shorter':
      return { ...refused, limits: { ...refused.limits, outputTokens: retry.outputTokens } };
  }
}

type Tried =
  | { readonly kind: 'answered'; readonly outcome: Outcome }
  | ({ readonly kind: 'refused' } & UpstreamFailure);

async function askOnce(context: AttemptContext, translation: Translation): Promise<Tried> {
  const { envelope, sink, target } = context;
  try {
    const response = await callProvider(context, translation.request, sink.signal);
    if (response.status < 200 || response.status > 299) {
      return { kind: 'refused', ...(await refusal(response, translation, context)) };
    }
    // From here on nobody asks again.
    envelope.release();
    const outcome = envelope.stream
      ? await relayStream(context, translation, response)
      : await relayJson(context, translation, response);
    return { kind: 'answered', outcome };
  } catch (thrown) {
    learnFromSilence(context, translation, thrown);
    throw thrown instanceof UpstreamCallError ? callErrorToGatewayError(thrown, target.provider.name) : thrown;
  }
}
