import { assertNever, GatewayError } from '@ccg/kernel';
import type { TenantPrincipal, Verification } from '@ccg/tenancy';
import { readMessagesRequest } from '@ccg/wire';

const paramsMaxBytes = 32 * 1024 * 1024;

/** Refuses params that are no Messages request, or that ask for what a batch has not. Throws GatewayError. */
export function checkParams(params: Uint8Array): void {
  if (params.length > paramsMaxBytes) {
    throw new GatewayError('request-too-large', 'The params of the request are larger than 32 MB.');
  }
  const request = readMessagesRequest(params);
  if (request.stream) throw invalid('stream', 'A request of a batch cannot be streamed. Leave it out.');
  if (request.maxTokens === 0) throw invalid('max_tokens', 'A request of a batch needs at least 1.');
  if (request.entryOf('speed') !== undefined) throw invalid('speed', 'Batches do not support it. Leave it out.');
}

function invalid(field: string, message: string): GatewayError {
  return new GatewayError('request-invalid', `params.${field}: ${message}`);
}

/** The principal of an item. Throws GatewayError where the credential that created the batch may do so no more. */
export function principalOf(verification: Verification): TenantPrincipal {
  switch (verification.kind) {
    case 'verified':
      if (verification.principal.authorization.scopes.includes('batches')) return verification.principal;
      throw new GatewayError('scope-missing', 'The API key that created the batch no longer has the scope "batches".', {
        reason: 'batches',
      });
    case 'unknown':
      throw new GatewayError(
        'credential-invalid',
        'The API key or token that created the batch was revoked, or the API key has expired. Create the batch again with another one.',
        { reason: verification.reason },
      );
    case 'suspended':
      throw new GatewayError('suspended', `The ${whose[verification.of]} that created the batch is suspended.`, {
        reason: verification.of,
      });
    case 'unavailable':
    case 'issuer-unavailable':
      throw new GatewayError('store-unavailable', 'The credential of the batch cannot be checked right now.');
    default:
      return assertNever(verification);
  }
}

const whose = { tenant: 'team', user: 'user' };

const firstRetryMs = 1000;
const longestRetryMs = 5 * 60_000;
/** A limit may be raised before there is room. */
const longestPolicyWaitMs = 5 * 60_000;

/**
 * After how long an item is tried again that failed; undefined where that would be in vain. Limits, an exhausted budget
 * and failures of the provider pass. It is never earlier than was asked for, and spread: all items fail at the same time when
 * a provider does. Only a budget is tried before it begins anew, because what others had reserved of it may be free again, and
 * because it may be raised. The batch itself ends after a day.
 */
export function retryDelayMs(error: GatewayError, tries: number, random: () => number): number | undefined {
  if (!passes(error)) return undefined;
  if (error.code === 'too-many-running') return Math.round(placeRetryMs * (1 + random()));
  const backOffMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(tries, 20));
  const askedMs = askedWaitMs(error);
  if (error.code === 'budget-exceeded') return Math.round(Math.min(askedMs, backOffMs) * (1 + random() / 2));
  return Math.round(Math.max(backOffMs / 2, askedMs) + random() * Math.max(backOffMs, askedMs / 2));
}

/** A place is free as soon as a request ends, so waiting longer each time would leave places empty. */
const placeRetryMs = 1000;

/** What clients are told to try no more, because they would wait too long, is no hurry here. */
function passes({ status, retry }: GatewayError): boolean {
  return status === 429 || status === 529 || (status >= 500 && retry !== 'never');
}

function askedWaitMs({ owner, retryAfterSeconds = 0, upstreamWaitSeconds = retryAfterSeconds }: GatewayError): number {
  return owner === 'upstream' ? upstreamWaitSeconds * 1000 : Math.min(longestPolicyWaitMs, retryAfterSeconds * 1000);
}
