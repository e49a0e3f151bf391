import { resolveRoute } from '@ccg/catalog';
import type { Catalog, Target, Targets } from '@ccg/catalog';
import { GatewayError } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Warning } from '@ccg/translation';
import { UpstreamCallError } from '@ccg/upstream';
import type { UpstreamResponse } from '@ccg/upstream';
import { bytesToString, isJsonObject, JsonDepthError, JsonSyntaxError, readJson, readMessagesRequest } from '@ccg/wire';
import type { MessagesRequest, PromptTools } from '@ccg/wire';
import { jsonContentType, tellFailure, writeAnswer } from './answer.ts';
import type { Translate } from './attempt.ts';
import { endAttempt, failureOf, isAnswer, readRejection } from './call-target.ts';
import type { CallTarget } from './call-target.ts';
import { promptOf, toolsOf } from './estimate-prompt.ts';
import type { Digest, TokenCounting } from './estimate-prompt.ts';
import { nameOf, nothingKnown, outcomeOf, outcomeOfFailure } from './record.ts';
import type { AttemptRecord, End, Failure, Outcome, RequestRecord } from './record.ts';
import type { LearnedRejections } from './learned-rejections.ts';
import type { ResponseSink, ServeRequest } from './request.ts';
import type { TargetCache } from './target-cache.ts';

export interface CountDependencies {
  readonly catalog: Catalog;
  readonly targets: Targets;
  readonly translate: Translate;
  readonly callTarget: CallTarget;
  readonly learnedRejections: LearnedRejections;
  /** The models whose servers have a request that counts, and do not answer it. */
  readonly uncounted: TargetCache<true>;
  readonly tokens: TokenCounting;
  readonly digest: Digest;
  readonly clock: Clock;
}

export type CountTokens = (request: ServeRequest, sink: ResponseSink) => Promise<RequestRecord>;

/** How long a provider may take to count. Clients ask for dozens of counts at once, to draw a picture with. */
const nativeTimeoutMs = 5000;
const answerMaxBytes = 64 * 1024;
/** A count asks for no answer, and Anthropic-compatible servers are sent the request that it would be for. */
const assumedMaxTokens = 64_000;
const approximated: Warning = { field: 'input_tokens', code: 'approximated', text: 'The tokens were estimated.' };

interface CountJob {
  readonly request: ServeRequest;
  readonly messagesRequest: MessagesRequest;
  readonly tools: PromptTools | undefined;
  readonly target: Target;
  readonly sink: ResponseSink;
}

/**
 * Answers a count_tokens request: by the provider where its dialect can count, by an estimate elsewhere and wherever
 * the provider does not. It is not admitted, since clients take it to be free. Never rejects.
 */
export function createCountTokens(dependencies: CountDependencies): CountTokens {
  const { catalog, targets, digest, clock } = dependencies;
  return async (request, sink) => {
    const { requestId, receivedAtMs, prefix } = request;
    let known = nothingKnown;
    let end: End;
    try {
      const sent = readMessagesRequest(request.takeBody());
      const messagesRequest = { ...sent, maxTokens: sent.maxTokens ?? assumedMaxTokens };
      const asked = { requestedModel: sent.model, stream: false };
      known = { ...known, route: { ...asked, targets: [] } };
      const route = resolveRoute(catalog, targets, { model: sent.model, prefix });
      known = { ...known, route: { ...asked, targets: route.targets.map(nameOf) } };
      checkMessages(messagesRequest);
      const [target] = route.targets;
      const job = { request, messagesRequest, tools: toolsOf(messagesRequest, digest), target, sink };
      const { attempts, ...native } = await countAtProvider(job, dependencies);
      known = { ...known, attempts };
      if (native.kind === 'failed') end = await tellFailure(native.failure, false, requestId, sink);
      else {
        const warnings = native.kind === 'counted' ? [] : [approximated];
        const body = native.kind === 'counted' ? native.body : await estimate(job, dependencies);
        const provenance = { upstreamRequestId: attempts.at(-1)?.upstreamRequestId, warnings };
        known = { ...known, warnings };
        end = await writeAnswer(body, { contentType: jsonContentType, provenance, requestId, sink });
      }
    } catch (thrown) {
      end = await tellFailure(failureOf(thrown, sink.signal), false, requestId, sink);
    }
    const stages = { ...known.stages, endedMs: clock.now() - receivedAtMs };
    return Object.freeze({ ...known, stages, end, outcome: outcomeOf(end) });
  };
}

function checkMessages({ bytesOf }: MessagesRequest): void {
  const messages = bytesOf('messages');
  if (messages === undefined) throw new GatewayError('request-invalid', 'messages: Field required');
  const head = bytesToString(messages.subarray(0, 1024));
  if (!head.startsWith('[')) {
    throw new GatewayError('request-invalid', 'messages: Input should be a list of messages');
  }
  if (/^\[\s*\]$/u.test(head)) {
    throw new GatewayError('request-invalid', 'messages: at least one message is required');
  }
}

/** `uncounted` where the provider cannot count, cannot now, or cannot be understood: an estimate answers then. */
type Counted =
  | { readonly kind: 'counted'; readonly body: Uint8Array }
  | { readonly kind: 'uncounted' }
  | { readonly kind: 'failed'; readonly failure: Failure };

type Native = Counted & { readonly attempts: readonly AttemptRecord[] };

async function countAtProvider(job: CountJob, dependencies: CountDependencies): Promise<Native> {
  const { target, sink } = job;
  const { clock, uncounted } = dependencies;
  const canCount = target.endpoint.form.paths.count !== undefined && uncounted.of(target) === undefined;
  if (!canCount) return { kind: 'uncounted', attempts: [] };
  const timeout = new AbortController();
  const cancel = clock.schedule(nativeTimeoutMs, () => {
    timeout.abort(
      new GatewayError('upstream-timeout', `The provider "${target.provider.name}" did not count in time.`),
    );
  });
  try {
    return await callForCount(job, AbortSignal.any([sink.signal, timeout.signal]), dependencies);
  } finally {
    cancel();
  }
}

async function callForCount(job: CountJob, signal: AbortSignal, dependencies: CountDependencies): Promise<Native> {
  const { target, request, sink } = job;
  const { callTarget, clock, learnedRejections, translate, uncounted } = dependencies;
  const known = { estimatedInputTokens: undefined, rejections: learnedRejections.of(target) };
  const { request: translated, reader } = translate(job, target, known);
  const called = await callTarget(target, { operation: 'count', stream: false, translated, request, signal });
  /** A provider that fails is replaced by the estimate; a client that left is not answered. */
  const failed = (failure: Failure): Counted =>
    sink.signal.aborted ? { kind: 'failed', failure } : { kind: 'uncounted' };
  if (called.kind === 'failed') {
    return { ...failed(called.failure), attempts: [...called.earlier, called.attempt] };
  }
  const { response, attempt, earlier } = called;
  const ended = (outcome: Outcome) => [...earlier, endAttempt(attempt, outcome, clock)];
  try {
    if (isAnswer(response)) {
      const body = await response.body.collect(answerMaxBytes);
      if (isCount(body)) return { kind: 'counted', body, attempts: ended('ok') };
      return { kind: 'uncounted', attempts: ended('upstream_error') };
    }
    if (cannotCount(response)) uncounted.set(target, true);
    const { error } = await readRejection(target, called, reader, undefined);
    const attempts = ended(outcomeOfFailure(error));
    return isUnavailable(response) ? { kind: 'uncounted', attempts } : { kind: 'failed', failure: error, attempts };
  } catch (thrown) {
    if (!(thrown instanceof UpstreamCallError)) throw thrown;
    const failure = failureOf(thrown, signal, target);
    return { ...failed(failure), attempts: ended(outcomeOfFailure(failure)) };
  }
}

function isUnavailable(response: UpstreamResponse): boolean {
  return cannotCount(response) || response.status === 429 || response.status >= 500;
}

/** Many servers of the dialect do not count: they say 404, or that they know no such method. */
function cannotCount({ status }: UpstreamResponse): boolean {
  return status === 404 || status === 405 || status === 501;
}

function isCount(body: Uint8Array): boolean {
  try {
    const counted = readJson(bytesToString(body));
    return isJsonObject(counted) && Number.isInteger(counted['input_tokens']);
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError || thrown instanceof JsonDepthError) return false;
    throw thrown;
  }
}

async function estimate(
  { messagesRequest, tools, target, sink }: CountJob,
  { tokens: { estimator, calibration } }: CountDependencies,
): Promise<Uint8Array> {
  const count = await estimator.count(promptOf(messagesRequest, tools), sink.signal);
  return Buffer.from(JSON.stringify({ input_tokens: calibration.tokens(target, count) }));
}
