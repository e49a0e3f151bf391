import { resolveRoute } from '@ccg/catalog';
import type { Catalog, Targets } from '@ccg/catalog';
import { GatewayError } from '@ccg/kernel';
import type { Warning } from '@ccg/translation';
import { bytesToString, readMessagesRequest } from '@ccg/wire';
import type { MessagesRequest } from '@ccg/wire';
import type { Admit, Admitted } from './admit-request.ts';
import { refuseUnlessAllowed } from './allowed-models.ts';
import { jsonContentType, tellFailure, writeAnswer } from './answer.ts';
import { failureOf } from './call-target.ts';
import type { CountAtProvider, CountJob } from './count-at-provider.ts';
import { promptOf, toolsOf } from './estimate-prompt.ts';
import type { Digest, TokenCounting } from './estimate-prompt.ts';
import { nameOf, nothingKnown, outcomeOf } from './record.ts';
import type { End, RequestRecord } from './record.ts';
import type { ResponseSink, ServeRequest } from './request.ts';

export interface CountDependencies {
  readonly catalog: Catalog;
  readonly targets: Targets;
  readonly admit: Admit;
  readonly countAtProvider: CountAtProvider;
  readonly tokens: TokenCounting;
  readonly digest: Digest;
}

export type CountTokens = (request: ServeRequest, sink: ResponseSink) => Promise<RequestRecord>;

/** A count asks for no answer, and Anthropic-compatible servers are sent the request that it would be for. */
const assumedMaxTokens = 64_000;
const approximated: Warning = { field: 'input_tokens', code: 'approximated', text: 'The tokens were estimated.' };

/**
 * Answers a count_tokens request: by the provider where its dialect can count, by an estimate elsewhere and wherever
 * the provider does not. Clients take it to be free, so only limits on `count_requests` hold for it. Never rejects.
 */
export function createCountTokens(dependencies: CountDependencies): CountTokens {
  const { catalog, targets, admit, countAtProvider, digest } = dependencies;
  return async (request, sink) => {
    const { requestId, elapsedMs, prefix } = request;
    let known = { ...nothingKnown, stages: { ...nothingKnown.stages, bodyReadMs: elapsedMs() } };
    let admitted: Admitted | undefined;
    let end: End;
    const takeBody = () => {
      const body = request.takeBody();
      known = { ...known, bodyBytes: body.length };
      return body;
    };
    try {
      const sent = readMessagesRequest(takeBody(), ({ model }) => {
        known = { ...known, route: { requestedModel: model, stream: false, targets: [] } };
      });
      const messagesRequest = { ...sent, maxTokens: sent.maxTokens ?? assumedMaxTokens };
      const asked = { requestedModel: sent.model, stream: false };
      const route = resolveRoute(catalog, targets, { model: sent.model, prefix });
      known = { ...known, route: { ...asked, targets: route.targets.map(nameOf) } };
      refuseUnlessAllowed(request.principal, route, { catalog, targets });
      const [target] = route.targets;
      admitted = await admit(request, { kind: 'count', targets: route.targets, requestedModel: sent.model });
      known = { ...known, stages: { ...known.stages, admittedMs: elapsedMs() } };
      checkMessages(messagesRequest);
      const job = { request, messagesRequest, tools: toolsOf(messagesRequest, digest), target, sink };
      const { attempts, ...native } = await countAtProvider(job);
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
    const stages = { ...known.stages, endedMs: elapsedMs() };
    const record: RequestRecord = Object.freeze({ ...known, stages, end, outcome: outcomeOf(end) });
    admitted?.settle(record);
    return record;
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

async function estimate(
  { messagesRequest, tools, target, sink }: CountJob,
  { tokens: { estimator, calibration } }: CountDependencies,
): Promise<Uint8Array> {
  const count = await estimator.count(promptOf(messagesRequest, tools), sink.signal);
  return Buffer.from(JSON.stringify({ input_tokens: calibration.tokens(target, count) }));
}
