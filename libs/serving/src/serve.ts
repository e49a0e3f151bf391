import { resolveRoute } from '@ccg/catalog';
import type { Catalog, Route, Target, Targets } from '@ccg/catalog';
import type { TenantPrincipal } from '@ccg/tenancy';
import { readMessagesRequest } from '@ccg/wire';
import type { Admit, Admitted } from './admit-request.ts';
import { refuseUnlessAllowed } from './allowed-models.ts';
import { tellFailure } from './answer.ts';
import type { Attempt, AttemptResult, Job } from './attempt.ts';
import type { LearnModel } from './learn-model.ts';
import { failureOf } from './call-target.ts';
import { toolsOf } from './estimate-prompt.ts';
import type { Digest, EstimatePrompt } from './estimate-prompt.ts';
import { nameOf, notMeasured, nothingKnown, outcomeOf } from './record.ts';
import type { Asked, End, Measured, RequestRecord } from './record.ts';
import type { ResponseSink, ServeRequest } from './request.ts';
import { marksOf } from './request-limits.ts';
import type { LimitedWork } from './request-limits.ts';
import { useOf, useSoFar } from './settle-request.ts';
import type { Use } from './settle-request.ts';

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
    let bodyBytes: number | undefined;
    let route: RequestRecord['route'];
    let asked: Asked = nothingKnown;
    let admitted: Admitted | undefined;
    let end: End;
    // A variable of this function for the body itself would keep it as long as the function waits.
    const takeBody = () => {
      const body = request.takeBody();
      bodyBytes = body.length;
      return body;
    };
    try {
      const messagesRequest = readMessagesRequest(takeBody(), (asks) => {
        route = { requestedModel: asks.model, stream: asks.stream, targets: [] };
      });
      const { model: requestedModel, stream } = messagesRequest;
      const resolved = resolveRoute(catalog, targets, { model: requestedModel, prefix });
      route = { requestedModel, stream, targets: resolved.targets.map(nameOf) };
      refuseUnlessAllowed(request.principal, resolved, { catalog, targets });
      // Nothing below the top level of the body is read for a request that a limit refuses.
      const { maxTokens } = messagesRequest;
      const { targets: asking } = resolved;
      const marks = marksOf(request.principal, messagesRequest.body());
      const asksFor = { requestedModel, stream, bodyBytes: messagesRequest.body().length, maxTokens, marks };
      const traffic = request.batch === undefined ? 'interactive' : 'batches';
      const work = { kind: 'message', targets: asking, traffic, ...asksFor } as const;
      const wait = watchWait(sink, stream, elapsedMs);
      const mayRun = (principal: TenantPrincipal) => {
        refuseUnlessAllowed(principal, resolved, { catalog, targets });
      };
      admitted = await admit(request, work, { ...wait, mayRun });
      sink.addHeaders(admitted.headers);
      const admittedMs = elapsedMs();
      const running = createRunning(work);
      admitted.watch(running.use);
      const result = await askTargets(
        asking,
        { request, messagesRequest, sink, measure: running.measure },
        dependencies,
      );
      asked = askedOf(result, work, { admittedMs, waitedMs: wait.waitedMs(admittedMs) });
      end = result.kind === 'answered' ? result.end : await tellFailure(result.failure, false, requestId, sink);
    } catch (thrown) {
      end = await tellFailure(failureOf(thrown, sink.signal), false, requestId, sink);
    }
    const record: RequestRecord = Object.freeze({
      end,
      outcome: outcomeOf(end),
      route,
      attempts: asked.attempts,
      stages: { ...asked.stages, bodyReadMs, endedMs: elapsedMs() },
      warnings: asked.warnings,
      usage: asked.usage,
      usageSource: asked.usageSource,
      costMicroDollars: asked.costMicroDollars,
      priceBasis: asked.priceBasis,
      bodyBytes,
      stopReason: asked.stopReason,
      brokenRule: asked.brokenRule,
    });
    admitted?.settle(record);
    return record;
  };
}

/** A stream that waits gets its status and its pings as one does whose provider is slow. */
function watchWait({ signal, expectStream }: ResponseSink, stream: boolean, elapsedMs: () => number) {
  let sinceMs: number | undefined;
  return {
    signal,
    began() {
      sinceMs = elapsedMs();
      if (stream) expectStream();
    },
    waitedMs: (nowMs: number) => (sinceMs === undefined ? undefined : nowMs - sinceMs),
  };
}

type AskDependencies = Pick<ServeDependencies, 'attempt' | 'learnModel' | 'estimatePrompt' | 'digest'>;

/** Asks one target after the other until one has answered or failed in a way that the others would share. @internal */
export async function askTargets(
  [first, ...others]: Route['targets'],
  asked: Pick<Job, 'request' | 'messagesRequest' | 'sink' | 'measure'>,
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

function askedOf(
  result: AttemptResult,
  work: LimitedWork,
  admission: Pick<Asked['stages'], 'admittedMs' | 'waitedMs'>,
): Asked {
  const { attempts, warnings, target } = result;
  const { firstEventMs, stopReason, brokenRule, work: relayWork } = result.kind === 'answered' ? result : untold;
  const { firstEventWorkMs, relayWorkMs } = relayWork;
  const use = useOf(result, { attempts, hasAnswer: result.kind === 'answered' }, target, work);
  const stages = { ...nothingKnown.stages, ...admission, firstEventMs, firstEventWorkMs, relayWorkMs };
  return { attempts, warnings, ...use, priceBasis: target.price.basis, stopReason, brokenRule, stages };
}

const untold = { firstEventMs: undefined, work: nothingKnown.stages, stopReason: undefined, brokenRule: undefined };

interface Running {
  /** Tells of which target an answer is open, and how to measure it. */
  readonly measure: Job['measure'];
  use(this: void): { readonly use: Use; readonly target: Target };
}

/** What a request has used while it runs. It holds nothing of the body. */
function createRunning(work: LimitedWork): Running {
  let [target] = work.targets;
  let read = (): Measured => notMeasured;
  return {
    measure(of, measured) {
      target = of;
      read = measured;
    },
    use: () => ({ use: useSoFar(read(), target, work), target }),
  };
}
