import { createHash } from 'node:crypto';
import { catalogFromEnv, createTargets } from '@ccg/catalog';
import type { Admission, Decision } from '@ccg/admission';
import { Secret } from '@ccg/kernel';
import { countTokens, createRejectedParameters, createSealing, createTargetCache, serve } from '../src/index.ts';
import type { Outcome, ServeDependencies, ServeRequest } from '../src/index.ts';
import { createMetrics } from '@ccg/telemetry';
import type { Metrics } from '@ccg/telemetry';
import { createManualClock, startScriptedUpstream } from '@ccg/testkit';
import type { ManualClock, ScriptedUpstream } from '@ccg/testkit';
import { createCalibration, createTokenEstimator } from '@ccg/tokens';
import { createToolListCache } from '@ccg/translation';
import { createUpstream, UpstreamCallError } from '@ccg/upstream';
import type { CallFailureKind, Upstream } from '@ccg/upstream';
import { createRecordingSink } from './recording-sink.ts';
import type { RecordingSink } from './recording-sink.ts';

/** An admission that does as it is told and keeps a record of what it let in. */
interface ScriptedAdmission extends Admission {
  /** What every later request is told; the default lets it in. */
  decide(decision: () => Promise<Decision>): void;
  /** The requests that were let in and not yet settled. */
  open(): readonly string[];
}

/** The whole of serving in this process: a provider on a real socket, a clock that stands, a client that records. */
export interface ServingRig {
  readonly upstream: ScriptedUpstream;
  readonly clock: ManualClock;
  readonly admission: ScriptedAdmission;
  readonly metrics: Metrics;
  readonly dependencies: ServeDependencies;
  /** Ends every call that is waiting for a provider, as its time-out would. */
  timeOut(): void;
  close(): Promise<void>;
}

export interface Exchange {
  readonly sink: RecordingSink;
  readonly outcome: Promise<Outcome>;
}

export interface Ask {
  readonly path?: 'messages' | 'count_tokens';
  readonly prefix?: ServeRequest['prefix'];
  /** The body as it is sent; `change` is ignored then. */
  readonly raw?: Uint8Array;
  /** Members of the body besides a short prompt. */
  readonly change?: Readonly<Record<string, unknown>>;
}

/** The dialects that a request can be served in, as prefixes of its URL. */
export const anthropicModel = { provider: 'anthropic', model: 'claude-opus-5-5' };
export const chatModel = { provider: 'openai', model: 'gpt-4.1' };

export interface RigOptions {
  /** Where the chat completions server is; the scripted one unless given. */
  readonly openAiUrl?: string;
}

const neverMs = 600_000;

const principal: ServeRequest['principal'] = {
  kind: 'api-key',
  tenant: 'acme',
  apiKeyId: 'key_1',
  user: undefined,
  authorization: {
    scopes: ['messages', 'self'],
    policy: { kind: 'allow-all' },
    limits: { requestsPerMinute: 60 },
  },
};

/** Starts a rig; close it, since its provider keeps the process alive. */
export async function startServingRig({ openAiUrl }: RigOptions = {}): Promise<ServingRig> {
  const scripted = await startScriptedUpstream();
  const clock = createManualClock();
  const admission = createScriptedAdmission();
  const metrics = createMetrics();
  const catalog = catalogFor(scripted.url, openAiUrl ?? `${scripted.url}/v1`);
  const upstream = createUpstream({
    connectTimeoutMs: 5000,
    firstByteTimeoutMs: neverMs,
    idleTimeoutMs: neverMs,
    proxy: undefined,
    extraRoots: undefined,
  });
  const timed = withTimeOuts(upstream);
  let ids = 0;
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');
  const estimator = createTokenEstimator({
    countTokens: (text) => Math.ceil(text.length / 4),
    digest,
    yieldToEventLoop: () => Promise.resolve(),
    maxCachedSegments: 100,
  });
  return {
    upstream: scripted,
    clock,
    admission,
    metrics,
    dependencies: {
      catalog,
      targets: createTargets(catalog),
      admission,
      upstream: timed.upstream,
      clock,
      ids: { messageId: () => `msg_${(ids += 1)}`, toolUseId: () => `toolu_g${(ids += 1)}` },
      sealing: createSealing([new Secret('a secret of the tests, 32 characters')]),
      metrics,
      tokens: { estimator, calibration: createCalibration({ maxModels: 10 }) },
      digest,
      toolListCache: createToolListCache({ maxBytes: 100_000 }),
      rejectedParameters: createRejectedParameters(clock),
      uncounted: createTargetCache(clock),
    },
    timeOut: timed.timeOut,
    async close() {
      await upstream.close();
      await scripted.close();
    },
  };
}

/** Begins a request; its client is in the test's hands. */
export function ask(rig: ServingRig, { path = 'messages', prefix = anthropicModel, raw, change }: Ask = {}): Exchange {
  const sink = createRecordingSink();
  const body = { model: 'claude-opus-5-5', max_tokens: 64, messages: [{ role: 'user', content: 'hi' }], ...change };
  const request: ServeRequest = {
    requestId: 'req_test',
    principal,
    prefix,
    headers: [],
    query: '',
    takeBody: () => raw ?? Buffer.from(JSON.stringify(body)),
    receivedAtMs: rig.clock.now(),
  };
  const answer = path === 'messages' ? serve : countTokens;
  return { sink, outcome: answer(request, rig.dependencies, sink) };
}

function catalogFor(anthropicUrl: string, openAiUrl: string): ServeDependencies['catalog'] {
  const made = catalogFromEnv({
    PREFERRED_PROVIDER: 'anthropic',
    ANTHROPIC_API_KEY: 'sk-ant-test',
    ANTHROPIC_API_BASE: anthropicUrl,
    ANTHROPIC_PROFILE: 'claude',
    OPENAI_BASE_URL: openAiUrl,
  });
  if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
  return made.catalog;
}

/** Time-outs at the test's word: undici's own are no finer than a second. */
function withTimeOuts(upstream: Upstream): { readonly upstream: Upstream; timeOut(): void } {
  const waiting = new Set<() => void>();
  async function orTimeOut<Value>(kind: CallFailureKind, work: Promise<Value>): Promise<Value> {
    const timedOut = Promise.withResolvers<never>();
    const end = () => {
      timedOut.reject(new UpstreamCallError(kind));
    };
    waiting.add(end);
    return Promise.race([work, timedOut.promise]).finally(() => waiting.delete(end));
  }
  return {
    upstream: {
      ...upstream,
      async call(target, call, signal) {
        const { body, ...answer } = await orTimeOut('first-byte-timeout', upstream.call(target, call, signal));
        return {
          ...answer,
          body: {
            pipe: (receive) => orTimeOut('idle-timeout', body.pipe(receive)),
            collect: (maxBytes) => orTimeOut('idle-timeout', body.collect(maxBytes)),
            abort: () => {
              body.abort();
            },
          },
        };
      },
    },
    timeOut() {
      for (const end of waiting) end();
    },
  };
}

function createScriptedAdmission(): ScriptedAdmission {
  const open = new Set<string>();
  let decide: (() => Promise<Decision>) | undefined;
  return {
    decide(decision) {
      decide = decision;
    },
    open: () => [...open],
    async admit({ requestId }) {
      if (decide !== undefined) return decide();
      open.add(requestId);
      return {
        kind: 'admitted',
        by: 'store',
        limits: [],
        settle() {
          open.delete(requestId);
          return Promise.resolve();
        },
      };
    },
  };
}
