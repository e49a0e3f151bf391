import { sourceOf } from '@ccg/edge';
import type { Authenticator, ClientAddressOf } from '@ccg/edge';
import { assertNever, GatewayError } from '@ccg/kernel';
import type { Principal } from '@ccg/tenancy';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

const requestsPerMinuteMax = 600;

/**
 * Bounds how often a credential is used, and how often an address shows none that is good. The count is this process's
 * own, so that it works without Redis: it is there for loops that run wild.
 */
export function limitRequests(
  authenticate: Authenticator<Principal>,
  addressOf: ClientAddressOf,
): Authenticator<Principal> {
  const limiter = new RateLimiterMemory({ points: requestsPerMinuteMax, duration: 60 });
  return async (request) => {
    let principal: Principal;
    try {
      principal = await authenticate(request);
    } catch (thrown) {
      await consume(limiter, `source ${sourceOf(addressOf(request))}`);
      throw thrown;
    }
    await consume(limiter, nameOf(principal));
    return principal;
  };
}

function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case 'api-key':
      return `api-key ${principal.apiKeyId}`;
    case 'token':
      return `user ${principal.tenant} ${principal.user}`;
    case 'operator':
      return `operator ${principal.name}`;
    default:
      return assertNever(principal);
  }
}

/** The limiter rejects with its result where the limit is reached. */
async function consume(limiter: RateLimiterMemory, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (thrown) {
    if (!(thrown instanceof RateLimiterRes)) throw thrown;
    const retryAfterSeconds = Math.max(1, Math.ceil(thrown.msBeforeNext / 1000));
    throw new GatewayError(
      'rate-limited',
      `More than ${requestsPerMinuteMax} requests in a minute. Try again in ${retryAfterSeconds} s.`,
      { retryAfterSeconds, reason: 'admin-requests' },
    );
  }
}
