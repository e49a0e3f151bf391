import { createHash, randomUUID } from 'node:crypto';
import { createAdmission } from '@ccg/admission';
import type { AdmissionOptions } from '@ccg/admission';
import { catalogFromEnv, createTargets } from '@ccg/catalog';
import { Secret, systemClock } from '@ccg/kernel';
import { createServing } from '@ccg/serving';
import type { ResponseSink, Serving } from '@ccg/serving';
import type { Store } from '@ccg/store';
import { createMetrics } from '@ccg/telemetry';
import { createCalibration, createTokenEstimator } from '@ccg/tokens';
import { createUpstream } from '@ccg/upstream';

export const patienceMs = 10_000;
const neverMs = 600_000;

/** Serving as a gateway composes it, with admission in a real store and an Anthropic upstream. */
export function startServing(
  store: Store,
  upstreamUrl: string,
  options: Pick<AdmissionOptions, 'leaseTtlMs'> = {},
): Serving {
  const made = catalogFromEnv({
    ANTHROPIC_API_KEY: 'sk-ant-test',
    ANTHROPIC_API_BASE: upstreamUrl,
    ANTHROPIC_PROFILE: 'claude',
  });
  if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
  const { catalog } = made;
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64');
  const countTokens = (text: string) => text.length;
  const yieldToEventLoop = () => Promise.resolve();
  return createServing({
    catalog,
    targets: createTargets(catalog),
    admission: createAdmission({
      store,
      clock: systemClock,
      replica: randomUUID(),
      liveReplicas: () => 1,
      timeoutMs: 2000,
      ...options,
    }),
    upstream: createUpstream({
      connectTimeoutMs: patienceMs,
      firstByteTimeoutMs: neverMs,
      idleTimeoutMs: neverMs,
      proxy: undefined,
      extraRoots: undefined,
    }),
    tokens: {
      estimator: createTokenEstimator({ countTokens, digest, yieldToEventLoop, maxCachedSegments: 10 }),
      calibration: createCalibration({ maxModels: 10 }),
    },
    digest,
    ids: { messageId: () => `msg_${randomUUID()}`, toolUseId: () => `toolu_g${randomUUID()}` },
    sealingKeys: [new Secret('a secret of the tests, 32 characters')],
    metrics: createMetrics(),
    clock: systemClock,
  });
}

/** A client that takes everything. */
export function openSink({
  signal = new AbortController().signal,
  addHeaders = () => {},
}: Partial<Pick<ResponseSink, 'signal' | 'addHeaders'>> = {}): ResponseSink {
  const sink = {
    signal,
    committed: false,
    expectStream() {},
    addHeaders,
    commit() {
      sink.committed = true;
    },
    write: () => undefined,
    end: () => undefined,
  };
  return sink;
}
