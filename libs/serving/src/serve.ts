import { costMicroDollars, resolveRoute } from '@ccg/catalog';
import type { Catalog, Route, Targets } from '@ccg/catalog';
import { readMessagesRequest } from '@ccg/wire';
import type { Admit } from './admit-request.ts';
import { refuseUnlessAllowed } from './allowed-models.ts';
import { tellFailure } from './answer.ts';
import type { Attempt, AttemptResult, Job } from './attempt.ts';
import type { LearnModel } from './learn-model.ts';
import { failureOf } from './call-target.ts';
import { toolsOf } from './estimate-prompt.ts';
import type { Digest, EstimatePrompt } from './estimate-prompt.ts';
import { nameOf, nothingKnown, outcomeOf } from './record.ts';
import type { Asked, End, RequestRecord } from './record.ts';
import type { ResponseSink, ServeRequest } from './request.ts';

export interface ServeDependencies {
  readonly catalog: Catalog;
  readonly targets: Targets;
  readonly admit: Admit;
  readonly estimatePrompt: EstimatePrompt;
  readonly attempt: Attempt;
  readonly learnModel: LearnModel;
  readonly digest: Digest;
}

export type Serve = (request: ServeRequest, sink: ResponseSink) => Promise<RequestRecord>;

/**
 * Takes a request from its route to its settlement: resolves the model, admits, asks the targets of the route, relays
 * the answer into the sink and gives back what was reserved. Never rejects: every way it can end is in the record,
 * which is put together here and nowhere else.
 */
export function createServe(dependencies: ServeDependencies): Serve {
  const { catalog, targets, admit } = dependencies;
  return async (request, sink) => {
    const { requestId, elapsedMs, prefix } = request;
    const bodyReadMs = elapsedMs();
    let route: RequestRecord['route'];
    let asked: Asked = nothingKnown;
    let end: End;
    try {
      const messagesRequest = readMessagesRequest(request.takeBody());
      const { model: requestedModel, stream } = messagesRequest;
      route = { requestedModel, stream, targets: [] };
      const resolved = resolveRoute(catalog, targets, { model: requestedModel, prefix });
      route = { requestedModel, stream, targets: resolved.targets.map(nameOf) };
      refuseUnlessAllowed(request.principal, resolved, { catalog, targets });
      // Nothing below the top level of the body is read for a request that a limit refuses.
      const { maxTokens } = messagesRequest;
      const bodyBytes = messagesRequest.body().length;
      const work = { kind: 'message', target: resolved.targets[0], requestedModel, bodyBytes, maxTokens } as const;
      const admitted = await admit(request, work);
      sink.addHeaders(admitted.headers);
      try {
        const admittedMs = elapsedMs();
        const result = await askTargets(resolved.targets, { request, messagesRequest, sink }, dependencies);
        asked = measuresOf(result, admittedMs);
        end = result.kind === 'answered' ? result.end : await tellFailure(result.failure, false, requestId, sink);
      } finally {
        admitted.settle(asked);
      }
    } catch (thrown) {
      end = await tellFailure(failureOf(thrown, sink.signal), false, requestId, sink);
    }
    const { attempts, warnings, usage, usageSource, costMicroDollars: cost, priceBasis } = asked;
    const { admittedMs, firstEventMs, firstEventWorkMs, relayWorkMs } = asked.stages;
    return Object.freeze({
      end,
      outcome: outcomeOf(end),
      route,
      attempts,
      stages: { bodyReadMs, admittedMs, firstEventMs, endedMs: elapsedMs(), firstEventWorkMs, relayWorkMs },
      warnings,
      usage,
      usageSource,
      costMicroDollars: cost,
      priceBasis,
    });
  };
}

type AskDependencies = Pick<ServeDependencies, 'attempt' | 'learnModel' | 'estimatePrompt' | 'digest'>;

/** Asks one target after the other until one has answered or failed in a way that the others would share. */
export async function askTargets(
  [first, ...others]: Route['targets'],
  asked: Pick<Job, 'request' | 'messagesRequest' | 'sink'>,
  { attempt, learnModel, estimatePrompt, digest }: AskDependencies,
): Promise<AttemptResult> {
  const { messagesRequest, sink } = asked;
  const tools = toolsOf(messagesRequest, digest);
  const estimate = estimatePrompt(messagesRequest, tools);
  if (messagesRequest.stream) sink.expectStream();
  const job = { ...asked, tools, estimate };
  let result = await attempt(job, await learnModel(first));
  for (const target of others) {
    if (!mayAskAnother(result)) break;
    const next = await attempt(job, await learnModel(target));
    result = { ...next, attempts: [...result.attempts, ...next.attempts] };
  }
  // There is nothing to learn from what was estimated.
  const isReported = result.kind === 'answered' && result.end.kind === 'completed' && result.usageSource === 'reported';
  if (isReported) estimate.learn(result.target, result.usage);
  else estimate.abandon();
  return result;
}

/** A target that has no form for the request is skipped. What else another target may mend is not decided yet. */
function mayAskAnother(result: AttemptResult): boolean {
  return result.kind === 'failed' && result.class === 'untranslatable';
}

function measuresOf(result: AttemptResult, admittedMs: number): Asked {
  const { attempts, warnings, usage, usageSource, target } = result;
  const { firstEventMs, work } = result.kind === 'answered' ? result : untold;
  const { firstEventWorkMs, relayWorkMs } = work;
  // An answer of the gateway's own costs nothing.
  const cost = attempts.length === 0 ? 0 : costMicroDollars(usage, target.price);
  const stages = { ...nothingKnown.stages, admittedMs, firstEventMs, firstEventWorkMs, relayWorkMs };
  return {
    attempts,
    warnings,
    usage,
    usageSource,
    costMicroDollars: cost,
    priceBasis: target.price.basis,
    stages,
  };
}

const untold = { firstEventMs: undefined, work: nothingKnown.stages };
