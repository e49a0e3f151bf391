import { GatewayError } from '@ccg/kernel';
import { callErrorToGatewayError, UpstreamCallError } from '@ccg/upstream';
import type { UpstreamResponse } from '@ccg/upstream';
import { bytesToString, isJsonObject, JsonDepthError, JsonSyntaxError, readJson } from '@ccg/wire';
import type { MessagesRequest } from '@ccg/wire';
import { answerHeaders } from './answer-headers.ts';
import { translate } from './translate.ts';
import type { AttemptContext } from './attempt-context.ts';
import { callProvider } from './call-provider.ts';
import { conclude } from './conclude.ts';
import { noEstimate } from './estimate-prompt.ts';
import { noFacts } from './outcome.ts';
import type { Facts, Outcome } from './outcome.ts';
import { plan } from './plan.ts';
import { promptOf, toolsOf } from './prompt-of.ts';
import { readRejection } from './read-rejection.ts';
import type { ServeDependencies } from './serve-dependencies.ts';
import type { ServeRequest } from './serve-request.ts';
import type { ResponseSink } from './sink.ts';

/** How long a provider may take to count. Clients ask for dozens of counts at once, to draw a picture with. */
const nativeTimeoutMs = 5000;
const answerMaxBytes = 64 * 1024;
/** A count asks for no answer, and Anthropic-compatible servers are sent the request that it would be for. */
const assumedMaxTokens = 64_000;

/**
 * Answers a count_tokens request: by the provider where it speaks Anthropic's dialect, by an estimate elsewhere and
 * wherever the provider cannot. It is not admitted, since clients take it to be free. Never throws.
 */
export async function countTokens(
  request: ServeRequest,
  dependencies: ServeDependencies,
  sink: ResponseSink,
): Promise<Outcome> {
  const facts = noFacts();
  try {
    const { messagesRequest: sent, target } = plan(request, dependencies, facts);
    const messagesRequest = { ...sent, maxTokens: sent.maxTokens ?? assumedMaxTokens };
    facts.stream = false;
    checkMessages(messagesRequest);
    const tools = toolsOf(messagesRequest, dependencies.digest);
    const context = { request, messagesRequest, tools, target, estimate: noEstimate, dependencies, sink, facts };
    const asks = target.endpoint.form.paths.count !== undefined && dependencies.uncounted.of(target) === undefined;
    const native = asks ? await countAtProvider(context) : undefined;
    return await answer(native ?? (await countHere(context)), sink, facts);
  } catch (thrown) {
    return await conclude(thrown, request, sink, facts);
  }
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

/** The provider's own answer, or undefined where it cannot count, cannot now, or cannot be understood. */
async function countAtProvider(context: AttemptContext): Promise<Uint8Array | undefined> {
  const { dependencies, sink, target } = context;
  const translation = translate(context, undefined, dependencies.rejectedParameters.of(target));
  const timeout = new AbortController();
  const cancel = dependencies.clock.schedule(nativeTimeoutMs, () => {
    timeout.abort();
  });
  try {
    const signal = AbortSignal.any([sink.signal, timeout.signal]);
    const response = await callProvider(context, 'count', translation.request, signal);
    if (isUnavailable(response)) {
      if (cannotCount(response)) dependencies.uncounted.set(target, true);
      await response.body.collect(answerMaxBytes);
      return undefined;
    }
    if (response.status > 299) throw (await readRejection(response, translation.reader, context)).error;
    return understood(await response.body.collect(answerMaxBytes));
  } catch (thrown) {
    if (!(thrown instanceof UpstreamCallError)) throw thrown;
    if (sink.signal.aborted) throw callErrorToGatewayError(thrown, target.provider.name);
    return undefined;
  } finally {
    cancel();
  }
}

function isUnavailable(response: UpstreamResponse): boolean {
  return cannotCount(response) || response.status === 429 || response.status >= 500;
}

/** Many servers of the dialect do not count: they say 404, or that they know no such method. */
function cannotCount({ status }: UpstreamResponse): boolean {
  return status === 404 || status === 405 || status === 501;
}

function understood(body: Uint8Array): Uint8Array | undefined {
  try {
    const counted = readJson(bytesToString(body));
    const tokens = isJsonObject(counted) ? counted['input_tokens'] : undefined;
    return Number.isInteger(tokens) ? body : undefined;
  } catch (thrown) {
    if (thrown instanceof JsonSyntaxError || thrown instanceof JsonDepthError) return undefined;
    throw thrown;
  }
}

async function countHere({
  messagesRequest,
  tools,
  target,
  dependencies,
  sink,
  facts,
}: AttemptContext): Promise<Uint8Array> {
  const { estimator, calibration } = dependencies.tokens;
  const count = await estimator.count(promptOf(messagesRequest, tools), sink.signal);
  facts.warnings = [{ field: 'input_tokens', code: 'approximated', text: 'The tokens were estimated.' }];
  return Buffer.from(JSON.stringify({ input_tokens: calibration.tokens(target, count) }));
}

async function answer(body: Uint8Array, sink: ResponseSink, facts: Facts): Promise<Outcome> {
  sink.commit(200, [...answerHeaders('application/json', facts), ['content-length', String(body.length)]]);
  await sink.write(body);
  sink.end();
  return { kind: 'completed', facts };
}
