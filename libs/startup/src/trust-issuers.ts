import { readFile } from 'node:fs/promises';
import type { IssuerSettings } from '@ccg/catalog';
import type { Clock } from '@ccg/kernel';
import type { Logger } from '@ccg/telemetry';
import { createIssuerKeys } from '@ccg/tenancy';
import type { IssuerKeys, TrustedIssuer } from '@ccg/tenancy';
import { createDocumentFetcher } from '@ccg/upstream';
import type { DocumentFetcher } from '@ccg/upstream';
import type { OutboundSettings } from './shared-variables.ts';
import { reasonOf } from './start-error.ts';

const keySetTimeoutMs = 5000;
const keySetMaxBytes = 1024 * 1024;

export interface IssuersToTrust extends OutboundSettings {
  readonly issuers: readonly IssuerSettings[];
}

export interface TrustedIssuers {
  readonly list: readonly (TrustedIssuer & { readonly keys: IssuerKeys })[];
  close(): Promise<void>;
}

/**
 * Loads the keys of every issuer, and goes on loading them. Resolves after the first attempts: a process that listens then
 * has the keys of all issuers that answer.
 */
export async function trustIssuers(
  { issuers, upstreamProxy: proxy, upstreamExtraRoots: extraRoots }: IssuersToTrust,
  clock: Clock,
  logger: Logger,
): Promise<TrustedIssuers> {
  const limits = { timeoutMs: keySetTimeoutMs, maxBytes: keySetMaxBytes };
  const fetcher = createDocumentFetcher({ ...limits, proxy, extraRoots });
  const list = issuers.map((issuer) => ({ issuer, keys: keysOf(issuer, fetcher, clock, logger) }));
  await Promise.all(list.map(({ keys }) => keys.started));
  return {
    list,
    async close() {
      for (const { keys } of list) keys.close();
      await fetcher.close();
    },
  };
}

function keysOf({ name, jwks }: IssuerSettings, fetcher: DocumentFetcher, clock: Clock, logger: Logger): IssuerKeys {
  let isDown = false;
  return createIssuerKeys({
    load: () => ('url' in jwks ? fetcher.fetch(jwks.url) : readKeySetFile(jwks.file)),
    clock,
    random: Math.random,
    onLoaded(fault) {
      if (fault !== undefined) {
        logger.warn({ issuer: name, reason: reasonOf(fault) }, 'the keys of an issuer of tokens were not loaded');
      } else if (isDown) logger.info({ issuer: name }, 'the keys of an issuer of tokens are loaded again');
      isDown = fault !== undefined;
    },
  });
}

async function readKeySetFile(path: string): Promise<string> {
  const bytes = await readFile(path);
  if (bytes.length > keySetMaxBytes) throw new Error(`more than ${keySetMaxBytes} bytes`);
  return bytes.toString('utf8');
}
