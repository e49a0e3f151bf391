import { randomUUID } from 'node:crypto';
import { Secret } from '@ccg/kernel';
import type { Clock } from '@ccg/kernel';
import { createIssuerKeys } from '@ccg/tenancy';
import type { TokenIssuer, TrustedIssuer } from '@ccg/tenancy';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

type Claims = Readonly<Record<string, string | number | readonly string[]>>;

/** An issuer without a server, and what signs its tokens. */
export interface TokenMaker {
  readonly trusted: TrustedIssuer;
  /** A token of ten minutes, issued now, unless `claims` say otherwise. */
  make(claims: Claims): Promise<Secret>;
  /** Puts another key in the place of the one that signs. */
  withdrawKey(): Promise<void>;
}

type MakerSettings = Pick<TokenIssuer, 'tenants' | 'apiKeyLifetimeMs'> & Partial<Pick<TokenIssuer, 'scopes'>>;

export async function createTokenMaker(
  clock: Clock,
  { scopes = ['messages', 'self'], ...settings }: MakerSettings,
): Promise<TokenMaker> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const keySetOf = async (key: Parameters<typeof exportJWK>[0], kid: string) =>
    JSON.stringify({ keys: [{ ...(await exportJWK(key)), alg: 'ES256', kid }] });
  let keySet = await keySetOf(publicKey, 'one');
  const keys = createIssuerKeys({ load: () => Promise.resolve(keySet), clock, random: () => 0.5 });
  await keys.started;
  const issuer: TokenIssuer = {
    name: 'maker',
    issuer: `https://${randomUUID()}.example.com/`,
    audiences: ['gateway'],
    algorithms: ['ES256'],
    clockToleranceMs: 30_000,
    claims: { tenant: ['tenant'], user: ['sub'], groups: ['groups'] },
    ...settings,
    scopes,
  };
  return {
    trusted: { issuer, keys },
    async withdrawKey() {
      keySet = await keySetOf((await generateKeyPair('ES256')).publicKey, 'two');
      keys.missed();
      await new Promise((resolve) => setImmediate(resolve));
    },
    async make(claims) {
      const now = Math.floor(clock.now() / 1000);
      const usual = { iss: issuer.issuer, aud: 'gateway', iat: now, exp: now + 600, jti: randomUUID() };
      const token = new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'one' });
      return new Secret(await token.sign(privateKey));
    },
  };
}
