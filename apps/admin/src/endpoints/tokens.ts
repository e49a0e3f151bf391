import { revokeTokens } from '@ccg/tenancy';
import type { TokensToRevoke } from '@ccg/tenancy';
import { z } from 'zod';
import { operation } from '../operation.ts';
import { time } from '../schemas.ts';

const text = z
  .string()
  .min(1, { error: 'must have 1 to 1000 characters' })
  .max(1000, { error: 'must have 1 to 1000 characters' });

const either = 'must be there, or subject in its place, and not both';

export const tokenOperations = [
  operation({
    name: 'admin.tokens.revoke',
    method: 'POST',
    path: '/tenants/{tenant}/tokens/revoke',
    summary:
      'Revokes the token (JWT) with an id, or all that an issuer has given to a subject up to now, on every replica.',
    scope: 'tenant:write',
    body: z
      .strictObject({
        issuer: text.meta({ description: '"iss" of the tokens: an issuer that may vouch for users of the tenant.' }),
        tokenId: text.optional().meta({ description: '"jti" of the token.' }),
        subject: text.optional().meta({ description: '"sub" of the tokens. The subject can sign in again.' }),
      })
      .refine(({ tokenId, subject }) => (tokenId === undefined) !== (subject === undefined), {
        path: ['tokenId'],
        error: either,
      })
      .transform(({ issuer, tokenId, subject }) =>
        subject === undefined ? { issuer, tokenId: tokenId ?? '' } : { issuer, subject },
      ),
    status: 200,
    answer: z.strictObject({
      user: z.string().optional().meta({ description: 'Whose tokens were revoked; left out where it was one token.' }),
      revokedAt: time,
    }),
    handle: ({ actor, params, body }, { tenancy, issuers }) => {
      const ofTenant = issuers.filter(({ tenants }) => tenants.includes(params.tenant));
      const tokens: TokensToRevoke = { ...params, ...body, knownIssuers: ofTenant.map(({ issuer }) => issuer) };
      return revokeTokens(tenancy, actor, tokens);
    },
  }),
];
