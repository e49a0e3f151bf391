import type { Metrics } from '@ccg/telemetry';
import { admitRequest } from './admit-request.ts';
import { attempt } from './attempt.ts';
import { conclude } from './conclude.ts';
import { estimatePrompt } from './estimate-prompt.ts';
import { noFacts } from './outcome.ts';
import type { Facts, Outcome } from './outcome.ts';
import { plan } from './plan.ts';
import { toolsOf } from './prompt-of.ts';
import type { ServeDependencies } from './serve-dependencies.ts';
import type { ServeRequest } from './serve-request.ts';
import type { ResponseSink } from './sink.ts';

/**
 * Takes a request from its route to its settlement: resolves the model, admits, calls the upstream, relays the
 * answer into the sink and gives back what was reserved. Never throws: every way it can end is an `Outcome`.
 */
export async function serve(
  request: ServeRequest,
  dependencies: ServeDependencies,
  sink: ResponseSink,
): Promise<Outcome> {
  const facts = noFacts();
  try {
    return await run(request, dependencies, sink, facts);
  } catch (thrown) {
    return await conclude(thrown, request, sink, facts);
  } finally {
    count(facts, dependencies.metrics);
  }
}

async function run(
  request: ServeRequest,
  dependencies: ServeDependencies,
  sink: ResponseSink,
  facts: Facts,
): Promise<Outcome> {
  const { messagesRequest, target } = plan(request, dependencies, facts);
  const admitting = admitRequest(request, dependencies.admission);
  const tools = toolsOf(messagesRequest, dependencies.digest);
  // The prompt is read and counted while Redis decides.
  const estimate = estimatePrompt(messagesRequest, tools, target, dependencies);
  try {
    const admitted = await admitting;
    try {
      if (messagesRequest.stream) sink.expectStream();
      const outcome = await attempt({ request, messagesRequest, tools, target, estimate, dependencies, sink, facts });
      // There is nothing to learn from what was estimated.
      if (outcome.kind === 'completed' && facts.usageReported) estimate.learn(facts.usage);
      else estimate.abandon();
      return outcome;
    } finally {
      admitted.release();
    }
  } catch (thrown) {
    estimate.abandon();
    throw thrown;
  }
}

function count(facts: Readonly<Facts>, metrics: Metrics): void {
  if (facts.dialect === undefined) return;
  const { usage, dialect } = facts;
  metrics.tokens(dialect, facts.usageReported ? 'reported' : 'estimated', {
    input: usage.inputTokens,
    output: usage.outputTokens,
    cache_read: usage.cacheReadTokens,
    cache_write: usage.cacheWriteTokens,
  });
  if (facts.firstEventMs !== undefined) metrics.firstEvent(dialect, facts.firstEventMs / 1000);
}
