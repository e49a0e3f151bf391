import { createAuthenticator, createBadCredentials, createClientAddresses, createReauthenticator } from '@ccg/edge';
import type { Authenticator, BadCredentials, ClientAddressOf, CredentialAdvice } from '@ccg/edge';
import type { Clock, LimitRule, Secret } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import type { Logger, Metrics } from '@ccg/telemetry';
import { createApiKeyVerifier, createTokenVerifier } from '@ccg/tenancy';
import type { TenantDefaults, TokenVerifier } from '@ccg/tenancy';
import type { CredentialSettings } from './shared-variables.ts';
import { trustIssuers } from './trust-issuers.ts';
import type { IssuersToTrust } from './trust-issuers.ts';

export interface AuthenticationSettings extends CredentialSettings, IssuersToTrust {
  /** Of a tenant that has none of its own. */
  readonly limits: readonly LimitRule[];
  /** Whom a developer asks whose tenant does not say it. */
  readonly supportContact: string;
}

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly keylessAs?: Secret | undefined;
  /** For clients of the data plane unless given. */
  readonly advice?: CredentialAdvice | undefined;
}

export interface Authentication {
  readonly authenticate: Authenticator;
  /** For a request that was let in, once it has waited. */
  readonly reauthenticate: Authenticator;
  readonly badCredentials: BadCredentials;
  readonly addressOf: ClientAddressOf;
  /** Whether anybody can be let in now. */
  canVerify(this: void): boolean;
  close(this: void): Promise<void>;
}

/** A revocation takes effect within `cacheMs` even if its message is lost. */
const verifierBounds = { cacheMs: 5000, maxEntries: 10_000 };

/** Everything that finds out who a request acts for. */
export async function openAuthentication(settings: AuthenticationSettings, parts: Parts): Promise<Authentication> {
  const { store, clock, logger, keylessAs, advice } = parts;
  const { keyPeppers: peppers, apiKeyStaleMs: staleMs } = settings;
  const defaults = defaultsOf(settings);
  const onFault = (error: unknown) => {
    logger.error({ err: error }, 'a script of the credentials failed');
  };
  const apiKeys = createApiKeyVerifier({ store, peppers, clock, defaults, staleMs, onFault, ...verifierBounds });
  const tokens = await openTokens(settings, parts, onFault);
  const addressOf = createClientAddresses(settings.trustedProxies);
  const badCredentials = createBadCredentials(clock);
  const verifiers = { apiKeys, tokens: tokens?.verifier };
  return {
    authenticate: createAuthenticator({ ...verifiers, badCredentials, addressOf, keylessAs, advice }),
    reauthenticate: createReauthenticator({ ...verifiers, keylessAs, advice }),
    badCredentials,
    addressOf,
    canVerify: () => apiKeys.canVerify(),
    async close() {
      apiKeys.close();
      await tokens?.close();
    },
  };
}

function defaultsOf({ limits, supportContact: contact }: AuthenticationSettings): TenantDefaults {
  return { limits, contact };
}

async function openTokens(
  settings: AuthenticationSettings,
  { store, clock, logger, metrics }: Parts,
  onFault: (error: unknown) => void,
): Promise<{ readonly verifier: TokenVerifier; close(): Promise<void> } | undefined> {
  const { apiKeyStaleMs: staleMs } = settings;
  if (settings.issuers.length === 0) return undefined;
  const issuers = await trustIssuers(settings, clock, logger);
  metrics.watchIssuerKeys(() =>
    issuers.list.map(({ issuer, keys }) => ({ issuer: issuer.name, seconds: keys.ageMs() / 1000 })),
  );
  const options = { store, clock, issuers: issuers.list, defaults: defaultsOf(settings), staleMs, onFault };
  const verifier = createTokenVerifier({ ...options, ...verifierBounds });
  return {
    verifier,
    async close() {
      verifier.close();
      await issuers.close();
    },
  };
}
