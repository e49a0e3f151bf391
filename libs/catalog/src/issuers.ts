import { scopes } from '@ccg/kernel';
import type { Scope } from '@ccg/kernel';
import { z } from 'zod';
import { isHttpUrl } from './env-rules.ts';

const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;

const defaultToleranceSeconds = 30;
const maxToleranceSeconds = 300;
const textMaxLength = 500;
const maxApiKeyDays = 365;
const dayMs = 24 * 60 * 60 * 1000;

/** One issuer of tokens, as the operator wrote it, with what was left out. */
export interface IssuerSettings {
  readonly name: string;
  readonly issuer: string;
  /** Where its keys are: a URL, or a file beside the one that names it. */
  readonly jwks: { readonly url: string } | { readonly file: string };
  readonly audiences: readonly string[];
  readonly algorithms: readonly (typeof algorithms)[number][];
  readonly clockToleranceMs: number;
  readonly claims: {
    readonly tenant: ClaimPath;
    readonly user: ClaimPath;
    readonly groups: ClaimPath;
    readonly scopes: ClaimPath | undefined;
  };
  readonly tenants: readonly string[];
  readonly scopes: readonly Scope[];
  /** For how long an API key may work that is made with one of its tokens. Undefined: no longer than that token. */
  readonly apiKeyLifetimeMs: number | undefined;
}

type ClaimPath = readonly [string, ...string[]];

function text() {
  return (
    z
      .string()
      .min(1, { error: 'must not be empty' })
      .max(textMaxLength, { error: 'is too long' })
      // Not part of a pattern, which the chart's schema holds, too: its language cannot write this.
      .refine((value) => value.isWellFormed(), { error: 'must be Unicode: half of a character is no text' })
  );
}

function claimPath() {
  return z
    .union([text(), z.tuple([text()], text())], {
      error: 'must be the name of a claim, names joined by dots, or a list of names',
    })
    .optional();
}

function closedList<const Item extends string>(items: readonly Item[]) {
  return z.array(z.enum(items)).min(1, { error: 'must not be empty' });
}

const apiKeyDaysError = `must be a whole number of days, from 1 to ${maxApiKeyDays}`;

const issuerRule = z
  .strictObject({
    issuer: text().describe('"iss" of its tokens, to the letter'),
    jwks: z
      .union(
        [
          z.strictObject({
            url: z.string().refine((url) => isHttpUrl(url.split('?')[0] ?? ''), {
              error: 'must be an http:// or https:// URL',
            }),
          }),
          z.strictObject({ file: text() }),
        ],
        { error: 'must be {url: URL} or {file: PATH}: where its public keys are' },
      )
      .describe('Its public keys (JWKS); read again every five minutes'),
    audience: z
      .union([text(), z.array(text()).min(1)], { error: 'must be a text or a list of texts' })
      .describe('"aud" of its tokens; of a list, one is enough'),
    algorithms: closedList(algorithms).default(['RS256']),
    clockTolerance: z
      .number({ error: `must be seconds, from 0 to ${maxToleranceSeconds}` })
      .min(0, { error: `must be seconds, from 0 to ${maxToleranceSeconds}` })
      .max(maxToleranceSeconds, { error: `must be seconds, from 0 to ${maxToleranceSeconds}` })
      .default(defaultToleranceSeconds)
      .describe('In seconds: by so much its clock and ours may differ'),
    claims: z
      .strictObject({
        tenant: claimPath().describe('Left out: tenant'),
        user: claimPath().describe('Left out: sub'),
        groups: claimPath().describe('Left out: groups'),
        scopes: claimPath().describe('Left out: every token has all scopes of this issuer'),
      })
      .default({}),
    tenants: z
      .array(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/u, { error: 'is not the id of a tenant' }))
      .min(1, { error: 'must not be empty' })
      .default(['default'])
      .describe('The tenants for whose users it vouches'),
    scopes: closedList(scopes).default(['messages', 'self']).describe('What its tokens may do at most'),
    apiKeyDays: z
      .int({ error: apiKeyDaysError })
      .min(1, { error: apiKeyDaysError })
      .max(maxApiKeyDays, { error: apiKeyDaysError })
      .optional()
      .describe(
        'For how many days an API key may work that is made with its tokens; left out, no longer than the token',
      ),
    operators: z.boolean().default(false).describe('Whether its tokens may have the scopes of operators'),
  })
  .superRefine(({ scopes: granted, operators }, context) => {
    for (const [at, scope] of granted.entries()) {
      if (operators || !scope.startsWith('operator:')) continue;
      const message = `is for operators, who rule over every tenant. If that is what you want, add "operators: true"`;
      context.addIssue({ code: 'custom', path: ['scopes', at], message });
    }
  });

/** The section `issuers` of `gateway.yaml`: whose tokens are taken. */
export function issuersRule() {
  const name = z.string().regex(/^[a-z][a-z0-9-]*$/u, { error: 'must be lower-case letters, digits, hyphens' });
  return z.record(name, issuerRule).superRefine((issuers, context) => {
    const seen = new Map<string, string>();
    for (const [key, { issuer }] of Object.entries(issuers)) {
      const other = seen.get(issuer);
      if (other === undefined) seen.set(issuer, key);
      else
        context.addIssue({
          code: 'custom',
          path: [key, 'issuer'],
          message: `is the issuer of "${other}" too. Keep one`,
        });
    }
  });
}

/** Brings the section into the form in which it is used. */
export function readIssuers(issuers: z.output<ReturnType<typeof issuersRule>>): readonly IssuerSettings[] {
  return Object.entries(issuers).map(([name, { audience, clockTolerance, claims, apiKeyDays, ...issuer }]) => ({
    name,
    issuer: issuer.issuer,
    jwks: issuer.jwks,
    audiences: typeof audience === 'string' ? [audience] : audience,
    algorithms: issuer.algorithms,
    clockToleranceMs: Math.round(clockTolerance * 1000),
    claims: {
      tenant: pathOf(claims.tenant) ?? ['tenant'],
      user: pathOf(claims.user) ?? ['sub'],
      groups: pathOf(claims.groups) ?? ['groups'],
      scopes: pathOf(claims.scopes),
    },
    tenants: issuer.tenants,
    scopes: issuer.scopes,
    apiKeyLifetimeMs: apiKeyDays === undefined ? undefined : apiKeyDays * dayMs,
  }));
}

/** Names that are URLs have dots that separate nothing. */
function pathOf(claim: string | ClaimPath | undefined): ClaimPath | undefined {
  if (typeof claim !== 'string') return claim;
  if (claim.includes('://')) return [claim];
  const [first = claim, ...others] = claim.split('.');
  return [first, ...others];
}

/** What is allowed and unwise, at the place where it stands. */
export function issuerWarnings(
  issuers: readonly IssuerSettings[],
): readonly { readonly path: readonly string[]; readonly message: string }[] {
  return issuers.flatMap(({ name, jwks }) => {
    if (!('url' in jwks) || !isOpenHttp(jwks.url)) return [];
    const message = 'is fetched over http: whoever is on the way there can make tokens. Use https';
    return [{ path: ['issuers', name, 'jwks'], message }];
  });
}

function isOpenHttp(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !/^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/u.test(hostname);
}
