import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scope } from '@ccg/kernel';
import {
  createApiKey,
  createTenant,
  createUser,
  generateApiKey,
  revokeApiKey,
  suspendTenant,
  suspendUser,
  systemActor,
} from '@ccg/tenancy';
import type { TenancyDependencies } from '@ccg/tenancy';
import { doneValue } from '@ccg/testkit';
import { base64url, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';

const root = systemActor('suite');
const hourMs = 3_600_000;
const issuer = 'https://id.example.com/';
const audience = 'urn:gateway';

/** `acme` is whose credentials are shown, `umbrella` is another, `asleep` is suspended. */
export interface SecurityCredentials {
  /** All of them are answered alike. */
  readonly bad: Readonly<Record<string, string>>;
  readonly suspended: Readonly<Record<'user' | 'tenant', string>>;
  readonly withScopes: Readonly<Record<'messages' | 'self' | 'reader' | 'writer', string>>;
  readonly operatorReader: string;
  /** Never shown before. */
  readonly unseen: readonly string[];
  /** What exists in the other tenant, and in the own. */
  readonly ids: { readonly other: Ids; readonly own: Ids };
}

interface Ids {
  readonly tenant: string;
  readonly user: string;
  readonly id: string;
  readonly name: string;
}

/** Puts tenants, users and API keys into the store, and `gateway.yaml` with an issuer of tokens into the folder. */
export async function createCredentials(deps: TenancyDependencies, folder: string): Promise<SecurityCredentials> {
  const allowlist = { models: ['*'] };
  for (const id of ['acme', 'umbrella', 'asleep'])
    doneValue(await createTenant(deps, root, { id, name: id, allowlist }));
  const newUser = async (tenant: string, name = 'Ada') => doneValue(await createUser(deps, root, { tenant, name })).id;
  const users = { acme: await newUser('acme'), umbrella: await newUser('umbrella') };
  const newKey = async (scopes: readonly Scope[], tenant = 'acme', user = users.acme) => {
    const owner = tenant === 'asleep' ? ({ kind: 'service' } as const) : ({ kind: 'user', id: user } as const);
    const { apiKey, record } = doneValue(await createApiKey(deps, root, { tenant, name: 'one', owner, scopes }));
    return { text: apiKey.reveal(), id: record.id };
  };
  const all: readonly Scope[] = ['messages', 'batches', 'self', 'tenant:read', 'tenant:write'];

  const revoked = await newKey(all);
  doneValue(await revokeApiKey(deps, root, { tenant: 'acme', id: revoked.id }));
  const earlier = { ...deps, clock: { ...deps.clock, now: () => deps.clock.now() - 2 * hourMs } };
  const expiresAtMs = deps.clock.now() - hourMs;
  const expired = doneValue(
    await createApiKey(earlier, root, { tenant: 'acme', name: 'one', scopes: all, expiresAtMs }),
  );
  const sleeper = await newUser('acme', 'Sleeper');
  const bystander = await newUser('acme', 'Bystander');
  const ofSleeper = await newKey(all, 'acme', sleeper);
  doneValue(await suspendUser(deps, root, { tenant: 'acme', id: sleeper }));
  const ofAsleep = await newKey(all, 'asleep');
  doneValue(await suspendTenant(deps, root, { tenant: 'asleep' }));
  const own = await newKey(['self']);
  const other = await newKey(all, 'umbrella', users.umbrella);
  const tokens = await makeTokens(folder);
  return {
    bad: {
      'an unknown API key': generateApiKey(randomBytes).reveal(),
      'a revoked API key': revoked.text,
      'an expired API key': expired.apiKey.reveal(),
      ...tokens.forged,
    },
    suspended: { user: ofSleeper.text, tenant: ofAsleep.text },
    withScopes: {
      messages: (await newKey(['messages'])).text,
      self: (await newKey(['self'])).text,
      reader: (await newKey(['tenant:read'])).text,
      writer: (await newKey(all)).text,
    },
    operatorReader: tokens.operatorReader,
    unseen: [(await newKey(all)).text, (await newKey(all)).text],
    ids: {
      own: { tenant: 'acme', user: bystander, id: own.id, name: 'a-policy' },
      other: { tenant: 'umbrella', user: users.umbrella, id: other.id, name: 'a-policy' },
    },
  };
}

/** Signs what the issuer of `gateway.yaml` would, and what somebody would who is not it. */
async function makeTokens(folder: string) {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const stranger = await generateKeyPair('ES256');
  const keySet = { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256', kid: 'own' }] };
  await writeFile(join(folder, 'keys.json'), JSON.stringify(keySet));
  await writeFile(join(folder, 'gateway.yaml'), gatewayYaml);
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer,
    aud: audience,
    sub: 'olga',
    tenant: 'acme',
    scope: 'operator:read',
    iat: now,
    exp: now + 3600,
  };
  const sign = (
    payload: object,
    key: Parameters<SignJWT['sign']>[0],
    header: { readonly alg: string; readonly kid: string },
  ) => new SignJWT({ ...payload }).setProtectedHeader(header).sign(key);
  const header = { alg: 'ES256', kid: 'own' };
  const encode = (part: object) => base64url.encode(JSON.stringify(part));
  const { tenant: _, ...withoutTenant } = claims;
  return {
    operatorReader: await sign(claims, privateKey, header),
    forged: {
      'a token that needs no signature': `${encode({ alg: 'none' })}.${encode(claims)}.AA`,
      'a token without a signature': `${encode({ alg: 'none' })}.${encode(claims)}.`,
      'a token without claims': `${encode(header)}..AA`,
      'an encrypted token': `${encode({ alg: 'dir', enc: 'A128GCM' })}..AA.AA.AA`,
      'a token whose subject is half of a character': await sign({ ...claims, sub: '\ud800x' }, privateKey, header),
      'a token with a group that is half of a character': await sign(
        { ...claims, groups: ['all', 'x\udfff'] },
        privateKey,
        header,
      ),
      'a token signed with the public key': await sign(claims, new TextEncoder().encode(await exportSPKI(publicKey)), {
        alg: 'HS256',
        kid: 'own',
      }),
      'a token of another key': await sign(claims, stranger.privateKey, header),
      'a token of an unknown key': await sign(claims, stranger.privateKey, { alg: 'ES256', kid: 'new' }),
      'a token for another audience': await sign({ ...claims, aud: 'urn:other' }, privateKey, header),
      'a token of another issuer': await sign({ ...claims, iss: 'https://other.example.com/' }, privateKey, header),
      'a token without a tenant': await sign(withoutTenant, privateKey, header),
      'a token of a tenant for which the issuer does not vouch': await sign(
        { ...claims, tenant: 'umbrella' },
        privateKey,
        header,
      ),
    },
  };
}

const gatewayYaml = `version: 1
issuers:
  corporate:
    issuer: ${issuer}
    jwks: { file: keys.json }
    audience: ${audience}
    algorithms: [ES256]
    tenants: [acme]
    scopes: [messages, self, operator:read]
    operators: true
    claims: { scopes: scope }
`;
