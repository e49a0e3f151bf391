import { onOrOff, wholeNumber } from '@ccg/catalog';
import { secretList } from './shared-variables.ts';
import type { Secret } from '@ccg/kernel';
import type { Peppers } from '@ccg/tenancy';
import type { z } from 'zod';

/** What every process reads that asks providers. */
export const servingVariables = {
  SEALING_KEYS: secretList(),
  BUDGET_GRACE_SECONDS: wholeNumber({ max: 86_400, unset: 60 }),
  MAX_WAITING_BYTES: wholeNumber({ max: 1_099_511_627_776, unset: 67_108_864 }),
  UPSTREAM_CONNECT_TIMEOUT_MS: wholeNumber({ min: 10, max: 600_000, unset: 10_000 }),
  UPSTREAM_FIRST_BYTE_TIMEOUT_MS: wholeNumber({ min: 10, max: 3_600_000, unset: 600_000 }),
  UPSTREAM_IDLE_TIMEOUT_MS: wholeNumber({ min: 10, max: 3_600_000, unset: 300_000 }),
  FETCH_IMAGE_URLS: onOrOff(false),
};

export interface ServingSettings {
  /** The first key encrypts; any key decrypts. */
  readonly sealingKeys: readonly [Secret, ...Secret[]];
  /** How long closed budgets are still open when Redis goes away. */
  readonly budgetGraceMs: number;
  /** Most bytes of requests that wait for others to end; none waits at 0. */
  readonly maxWaitingBytes: number;
  readonly upstreamConnectTimeoutMs: number;
  readonly upstreamFirstByteTimeoutMs: number;
  readonly upstreamIdleTimeoutMs: number;
  /** Whether images and documents are fetched by URL for providers that take bytes alone. */
  readonly fetchImageUrls: boolean;
}

export function servingSettings(
  values: z.output<z.ZodObject<typeof servingVariables>>,
  peppers: Peppers,
): ServingSettings {
  return {
    sealingKeys: sealingKeys(values.SEALING_KEYS, peppers),
    budgetGraceMs: values.BUDGET_GRACE_SECONDS * 1000,
    maxWaitingBytes: values.MAX_WAITING_BYTES,
    upstreamConnectTimeoutMs: values.UPSTREAM_CONNECT_TIMEOUT_MS,
    upstreamFirstByteTimeoutMs: values.UPSTREAM_FIRST_BYTE_TIMEOUT_MS,
    upstreamIdleTimeoutMs: values.UPSTREAM_IDLE_TIMEOUT_MS,
    fetchImageUrls: values.FETCH_IMAGE_URLS,
  };
}

/** A proxy would choose the address that a file comes from, so nobody could tell that it is a public one. */
export function proxyClash({
  FETCH_IMAGE_URLS,
  HTTPS_PROXY,
}: {
  readonly FETCH_IMAGE_URLS: boolean;
  readonly HTTPS_PROXY?: Secret | undefined;
}): readonly string[] {
  if (!FETCH_IMAGE_URLS || HTTPS_PROXY === undefined) return [];
  return [
    'FETCH_IMAGE_URLS: cannot be true while HTTPS_PROXY is set, since the proxy would choose the address. ' +
      'Remove FETCH_IMAGE_URLS, and images by URL are refused where a provider takes bytes alone, or remove HTTPS_PROXY.',
  ];
}

/** Without keys of its own the peppers serve: sealing derives other keys from them. */
function sealingKeys(
  keys: readonly Secret[] | undefined,
  { current, previous }: Peppers,
): readonly [Secret, ...Secret[]] {
  const [first = current, ...others] = keys ?? [current, ...previous];
  return [first, ...others];
}
