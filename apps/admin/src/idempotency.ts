import { hash, randomUUID } from 'node:crypto';
import { assertNever, GatewayError } from '@ccg/kernel';
import type { Store } from '@ccg/store';
import { answerOnce, claimOnce, isTenantId, releaseOnce } from '@ccg/tenancy';
import type { Actor, OnceRecord, Principal, Result } from '@ccg/tenancy';
import { invalidFields } from './problem.ts';

/** In whose space a request that carries a key is recorded: in that of its path's tenant, of the caller's, or of operators. */
export type IdempotencySpace = 'tenant' | 'self' | 'operators';

export const idempotencyHeader = 'idempotency-key';

/** Reads the key that a client gave to a request, so that it can repeat it. */
export function readIdempotencyKey(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (typeof header === 'string' && /^[\x21-\x7e]{1,255}$/u.test(header)) return header;
  throw invalidFields([{ path: ['Idempotency-Key'], message: 'must have 1 to 255 letters, digits or signs' }]);
}

export interface KeyedRequest {
  readonly key: string;
  readonly space: IdempotencySpace;
  readonly method: string;
  readonly path: string;
  /** Of the path; undefined where it names none. */
  readonly tenant: string | undefined;
  readonly body: unknown;
}

/** Its value is the answer of the first request of that key, or of this one, which is the first. */
export type OnceResult = { readonly result: Result<unknown>; readonly isRepeated: boolean };

/**
 * Runs an operation once for a key: a second request with the same body gets the first answer, without the text of an API
 * key, and one with another body is refused. What is refused or fails may be tried again.
 */
export async function runOnce(
  store: Store,
  actor: Actor,
  request: KeyedRequest,
  run: (actor: Actor) => Promise<Result<unknown>>,
): Promise<OnceResult> {
  const record = recordOf(actor.principal, request);
  // Neither a tenant that cannot be one nor an operator's own space: the verb says what is wrong with that.
  if (record === undefined) return { result: await run(actor), isRepeated: false };
  const claimed = await claimOnce(store, record, { claim: randomUUID(), body: digestOf(stable(request.body)) });
  switch (claimed.kind) {
    case 'answered':
      return { result: { kind: 'done', value: JSON.parse(claimed.answer) }, isRepeated: true };
    case 'mismatch':
      throw new GatewayError(
        'idempotency-mismatch',
        'This Idempotency-Key belongs to a request with another body. Send that body again, or choose another key.',
      );
    case 'in-progress':
      throw new GatewayError(
        'idempotency-in-progress',
        'A request with this Idempotency-Key is being worked on. Send it again in a second to get its answer.',
        { retryAfterSeconds: 1 },
      );
    case 'claimed': {
      const { claim } = claimed;
      // A verb writes in one tenant, so it can write the answer only there.
      const once = record.tenant === undefined ? undefined : claim;
      try {
        const result = await run({ ...actor, once });
        if (result.kind === 'done') await answerOnce(store, claim, JSON.stringify(withoutText(result.value)));
        else await releaseOnce(store, claim);
        return { result, isRepeated: false };
      } catch (thrown) {
        // If this fails too, the claim lapses by itself.
        await releaseOnce(store, claim).catch(() => {});
        throw thrown;
      }
    }
    default:
      return assertNever(claimed);
  }
}

function recordOf(principal: Principal, { key, space, method, path, tenant }: KeyedRequest): OnceRecord | undefined {
  const digest = digestOf(JSON.stringify([nameOf(principal), method, path, key]));
  switch (space) {
    case 'operators':
      return { tenant: undefined, digest };
    case 'self':
      return principal.kind === 'operator' ? undefined : { tenant: principal.tenant, digest };
    case 'tenant':
      return tenant !== undefined && isTenantId(tenant) ? { tenant, digest } : undefined;
    default:
      return assertNever(space);
  }
}

function nameOf(principal: Principal): readonly string[] {
  switch (principal.kind) {
    case 'api-key':
      return [principal.kind, principal.tenant, principal.apiKeyId];
    case 'token':
      return [principal.kind, principal.tenant, principal.user];
    case 'operator':
      return [principal.kind, principal.name];
    default:
      return assertNever(principal);
  }
}

/** The text of an API key is shown once, and so not kept. */
function withoutText(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('apiKey' in value)) return value;
  const { apiKey: _, ...kept } = value;
  return kept;
}

/** One text for one meaning: the order of members says nothing. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function digestOf(text: string): string {
  return hash('sha256', text, 'base64url');
}
