import { createHash } from 'node:crypto';
import { catalogFromEnv, createTargets } from '@ccg/catalog';
import type { Target } from '@ccg/catalog';
import type { Admission, FinalUse, Used } from '@ccg/admission';
import { Secret, startStopwatch } from '@ccg/kernel';
import { countRecord, createServing } from '../src/index.ts';
import type { Recorder, RequestRecord, ServeRequest, Serving, ServingDependencies } from '../src/index.ts';
import { createMetrics } from '@ccg/telemetry';
import type { Metrics } from '@ccg/telemetry';
import { createManualClock, startScriptedUpstream } from '@ccg/testkit';
import type { ManualClock, ScriptedUpstream } from '@ccg/testkit';
import { createCalibration, createTokenEstimator } from '@ccg/tokens';
import type { TokenEstimator } from '@ccg/tokens';
import { decodeUsageRecord } from '@ccg/usage';
import type { UsageRecord } from '@ccg/usage';
import { createUpstream, UpstreamCallError } from '@ccg/upstream';
import type { CallFailureKind, Upstream } from '@ccg/upstream';
import type { HeaderList } from '@ccg/wire';
import { createRecordingSink } from './recording-sink.ts';
import type { RecordingSink } from './recording-sink.ts';

/** An admission that does as it is told and keeps a record of what it let in. */
interface ScriptedAdmission extends Admission {
  /** What every later request is told; the default lets it in. */
  decide(decision: Admission['admit']): void;
  /** The requests that were let in and not yet settled. */
  open(): readonly string[];
  /** What the latest request was charged for, by the names of its limits. */
  charged(): Charged;
  /** What it would be charged for if this process died now. */
  chargedSoFar(): Charged;
}

interface Charged {
  readonly amounts: Readonly<Record<string, number>>;
  readonly record: UsageRecord | undefined;
  readonly outputSample: number | undefined;
}

/** The whole of serving in this process: a provider on a real socket, a clock that stands, a client that records. */
export interface ServingRig {
  readonly upstream: ScriptedUpstream;
  readonly clock: ManualClock;
  readonly admission: ScriptedAdmission;
  readonly metrics: Metrics;
  readonly serving: Serving;
  /** The bodies that were sent to providers; a test can tell when nobody holds them any more. */
  readonly sentBodies: readonly WeakRef<Uint8Array>[];
  /** How many prompts were read to be counted. */
  countedPrompts(): number;
  /** Ends every call that is waiting for a provider, as its time-out would. */
  timeOut(): void;
  close(): Promise<void>;
}

export interface Exchange {
  readonly sink: RecordingSink;
  readonly record: Promise<RequestRecord>;
}

export interface Ask {
  readonly path?: 'messages' | 'count_tokens';
  readonly prefix?: ServeRequest['prefix'];
  /** Gives the body as it is sent; `change` is ignored then. */
  readonly takeBody?: () => Uint8Array;
  /** Members of the body besides a short prompt. */
  readonly change?: Readonly<Record<string, unknown>>;
  /** Of the client, besides the usual ones. */
  readonly headers?: HeaderList;
  /** What the caller may do; everything unless given. */
  readonly authorization?: ServeRequest['principal']['authorization'];
}

/** The dialects that a request can be served in, as prefixes of its URL. */
export const anthropicModel = { provider: 'anthropic', model: 'claude-opus-5-5' };
export const chatModel = { provider: 'openai', model: 'gpt-4.1' };

export interface RigOptions {
  /** Where the chat completions server is; the scripted one unless given. */
  readonly openAiUrl?: string;
  readonly recorder?: Recorder;
  readonly refusals?: ServingDependencies['refusals'];
  /** Which server of the dialect `anthropic` the scripted one is; Anthropic's own unless given. */
  readonly anthropicProfile?: 'claude' | 'glm';
}

const neverMs = 600_000;

const principal: ServeRequest['principal'] = {
  kind: 'api-key',
  tenant: 'acme',
  apiKeyId: 'key_1',
  apiKeyName: 'laptop',
  userName: undefined,
  expiresAtMs: undefined,
  user: undefined,
  group: undefined,
  waitingWeight: 1,
  authorization: {
    scopes: ['messages', 'self'],
    policy: { kind: 'allow-all' },
    limits: [{ level: 'tenant', kind: 'requests', amount: 60, per: 'minute' }],
    timeZone: 'UTC',
    contact: 'the operators of this gateway',
  },
};

/** Starts a rig; close it, since its provider keeps the process alive. */
export async function startServingRig(options: RigOptions = {}): Promise<ServingRig> {
  const { openAiUrl, anthropicProfile, recorder, refusals } = options;
  const scripted = await startScriptedUpstream();
  const clock = createManualClock();
  const admission = createScriptedAdmission();
  const metrics = createMetrics();
  const catalog = catalogFor(scripted.url, openAiUrl ?? `${scripted.url}/v1`, anthropicProfile);
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
  let countedPrompts = 0;
  const countingEstimator: TokenEstimator = {
    count(prompt, signal) {
      countedPrompts += 1;
      return estimator.count(prompt, signal);
    },
  };
  return {
    upstream: scripted,
    clock,
    admission,
    metrics,
    serving: createServing({
      catalog,
      targets: createTargets(catalog),
      admission,
      upstream: timed.upstream,
      clock,
      ids: { messageId: () => `msg_${(ids += 1)}`, toolUseId: () => `toolu_g${(ids += 1)}` },
      sealingKeys: [new Secret('a secret of the tests, 32 characters')],
      metrics,
      tokens: { estimator: countingEstimator, calibration: createCalibration({ maxModels: 10 }) },
      digest,
      refusals,
      ...(recorder === undefined ? {} : { recorder }),
    }),
    sentBodies: timed.sentBodies,
    countedPrompts: () => countedPrompts,
    timeOut: timed.timeOut,
    async close() {
      await upstream.close();
      await scripted.close();
    },
  };
}

/** Begins a request; its client is in the test's hands. */
export function ask(rig: ServingRig, asked: Ask = {}): Exchange {
  const sink = createRecordingSink();
  const { serve, countTokens } = rig.serving;
  const answer = asked.path === 'count_tokens' ? countTokens : serve;
  return { sink, record: answer(requestOf(rig, asked), sink) };
}

export function requestOf(
  { clock }: ServingRig,
  { prefix = anthropicModel, takeBody, change, headers = [], authorization = principal.authorization }: Ask = {},
): ServeRequest {
  const body = { model: 'claude-opus-5-5', max_tokens: 64, messages: [{ role: 'user', content: 'hi' }], ...change };
  return {
    requestId: 'req_test',
    principal: { ...principal, authorization },
    prefix,
    headers,
    query: '',
    takeBody: takeBody ?? (() => Buffer.from(JSON.stringify(body))),
    receivedAtMs: clock.now(),
    elapsedMs: startStopwatch(clock),
  };
}

/** What the client was told, and whose failure it was: `unsent upstream_error`. */
export function endOf({ end, outcome }: RequestRecord): string {
  return `${end.kind} ${outcome}`;
}

export interface Finished {
  readonly end: string;
  readonly text: string;
  readonly record: RequestRecord;
}

const finishedFacts = { endpoint: 'messages', tenant: 'acme', status: 200, authenticatedMs: undefined };

/** A request from its begin to its end; it must have given back its lease. */
export async function run(rig: ServingRig, asked: Ask): Promise<Finished> {
  const { sink, record } = ask(rig, asked);
  const ended = await record;
  countRecord(rig.metrics, { ...finishedFacts, durationMs: 0 }, ended);
  const open = rig.admission.open();
  if (open.length > 0) throw new Error(`These requests were not settled: ${open.join(', ')}.`);
  return { end: endOf(ended), text: sink.text(), record: ended };
}

/** A target of the chat completions server. */
export function targetFor(model: string): Target {
  const catalog = catalogFor('http://127.0.0.1:9', 'http://127.0.0.1:9/v1');
  const provider = catalog.providers.get('openai');
  if (provider === undefined) throw new Error('The catalog of the tests has no openai.');
  return createTargets(catalog).of({ provider, model });
}

function catalogFor(anthropicUrl: string, openAiUrl: string, profile = 'claude'): ServingDependencies['catalog'] {
  const made = catalogFromEnv({
    PREFERRED_PROVIDER: 'anthropic',
    ANTHROPIC_API_KEY: 'sk-ant-test',
    ANTHROPIC_API_BASE: anthropicUrl,
    ANTHROPIC_PROFILE: profile,
    OPENAI_BASE_URL: openAiUrl,
    OLLAMA_API_BASE: anthropicUrl,
  });
  if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
  return made.catalog;
}

/** Time-outs at the test's word: undici's own are no finer than a second. */
function withTimeOuts(upstream: Upstream): {
  readonly upstream: Upstream;
  readonly sentBodies: readonly WeakRef<Uint8Array>[];
  timeOut(): void;
} {
  const waiting = new Set<() => void>();
  const sentBodies: WeakRef<Uint8Array>[] = [];
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
        if (call.operation !== 'models') sentBodies.push(new WeakRef(call.body));
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
    sentBodies,
    timeOut() {
      for (const end of waiting) end();
    },
  };
}

function createScriptedAdmission(): ScriptedAdmission {
  const open = new Set<string>();
  let decide: Admission['admit'] | undefined;
  let settled: FinalUse = { amounts: new Map(), record: '' };
  let watched = (): Used => settled;
  return {
    decide(decision) {
      decide = decision;
    },
    open: () => [...open],
    charged: () => chargedOf(settled),
    chargedSoFar: () => chargedOf(watched()),
    flush: () => Promise.resolve(),
    waiting: () => 0,
    recheck() {},
    async admit(request) {
      const { requestId } = request;
      if (decide !== undefined) return decide(request);
      open.add(requestId);
      return {
        kind: 'admitted',
        by: 'store',
        states: [],
        shadowed: [],
        reservation: {
          watch(read) {
            watched = read;
          },
          settle(used) {
            settled = used;
            open.delete(requestId);
            return Promise.resolve();
          },
        },
      };
    },
  };
}

function chargedOf({ amounts, record, outputSample }: FinalUse): Charged {
  return {
    amounts: Object.fromEntries([...amounts].map(([{ name }, amount]) => [name, amount])),
    record: decodeUsageRecord(record),
    outputSample,
  };
}
