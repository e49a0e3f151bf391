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
/** A budget may be raised before it begins anew. */
const longestWaitMs = 15 * 60_000;

/**
 * After how long an item is tried again that failed; undefined where that would be in vain. Limits, an exhausted budget
 * and failures of the provider pass. The batch itself ends after a day.
 */
export function retryDelayMs(error: GatewayError, tries: number, random: () => number): number | undefined {
  const isBudget = error.code === 'budget-exceeded' || error.code === 'budget-unreadable';
  const passes = error.status === 429 || error.status === 529 || error.status >= 500;
  if (!isBudget && (error.retry === 'never' || !passes)) return undefined;
  const backOffMs = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(tries, 20)) * (0.5 + random() / 2);
  const askedMs = Math.min(longestWaitMs, (error.retryAfterSeconds ?? 0) * 1000);
  return Math.round(Math.max(backOffMs, askedMs));
}
