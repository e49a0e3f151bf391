import { readModelFacts } from '@ccg/catalog';
import type { Target, Targets } from '@ccg/catalog';
import { createBoundedMap } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import type { Upstream } from '@ccg/upstream';
import { modelsMax } from './target-cache.ts';

interface LearnModelDependencies {
  readonly targets: Targets;
  readonly upstream: Upstream;
  readonly clock: Clock;
}

/** The target with what its server tells of the model, where there is such a request. Never rejects. */
export type LearnModel = (target: Target) => Target | Promise<Target>;

const timeoutMs = 2000;
const answerMaxBytes = 16 * 1024 * 1024;

/**
 * Asks a server once about each of its models, before the first request for it, which waits no longer than 2 s. A server
 * that takes longer is not asked again: what is sent to a model must not change between requests. One that could not
 * answer has not loaded the model either, so it is asked again at the next request.
 */
export function createLearnModel({ targets, upstream, clock }: LearnModelDependencies): LearnModel {
  const asked = createBoundedMap<'done' | Promise<void>>(modelsMax);

  /** Whether the server need not be asked again. */
  async function ask(target: Target): Promise<boolean> {
    const timeout = new AbortController();
    const cancel = clock.schedule(timeoutMs, () => {
      timeout.abort();
    });
    try {
      const body = Buffer.from(JSON.stringify({ model: target.model }));
      const response = await upstream.call(target, { operation: 'model', body }, timeout.signal);
      const answer = await response.body.collect(answerMaxBytes);
      if (response.status !== 200) return false;
      const facts = readModelFacts(JSON.parse(Buffer.from(answer).toString('utf8')));
      if (facts !== undefined) targets.learnModel(target, facts);
      return true;
    } catch {
      // What keeps a server from answering, the request that follows tells.
      return timeout.signal.aborted;
    } finally {
      cancel();
    }
  }

  function begin(target: Target): Promise<void> {
    const asking = ask(target).then((isDone) => {
      if (isDone) asked.set(target.key, 'done');
      else asked.delete(target.key);
    });
    asked.set(target.key, asking);
    return asking;
  }

  return (target) => {
    if (target.endpoint.form.paths.model === undefined) return target;
    const known = asked.get(target.key);
    if (known === 'done') return targets.of(target);
    return (known ?? begin(target)).then(() => targets.of(target));
  };
}
