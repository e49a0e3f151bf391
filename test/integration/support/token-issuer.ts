import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import Provider from 'oidc-provider';
import { exportJWK, generateKeyPair } from 'jose';

/** A real issuer of tokens on a loopback port. */
export interface TokenServer {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** A token for a client of that name: it is the subject. Two hours long. */
  issue(client: string, claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** How often the keys were asked for. */
  keyRequests(): number;
  stop(): Promise<void>;
}

const secret = 'a secret of the clients of this server';
const audience = 'urn:gateway';
const twoHoursSeconds = 7200;
const clients = ['jane', 'john'] as const;

/** Starts `oidc-provider`: clients get JWTs for the audience `urn:gateway`, signed with ES256. */
export async function startTokenServer(): Promise<TokenServer> {
  let keyRequests = 0;
  let handle: ReturnType<Provider['callback']> | undefined;
  const server = createServer((request, response) => {
    if (request.url === '/jwks') keyRequests += 1;
    void handle?.(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${portOf(server)}`;
  const claimsOf = new Map<string, Readonly<Record<string, unknown>>>();
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const provider = new Provider(issuer, {
    clients: clients.map((id) => ({
      client_id: id,
      client_secret: secret,
      id_token_signed_response_alg: 'ES256',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
    })),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'es' }] },
    ttl: { ClientCredentials: twoHoursSeconds },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({
          scope: 'messages',
          audience: resource,
          accessTokenFormat: 'jwt',
          accessTokenTTL: twoHoursSeconds,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    extraTokenClaims: (_context, { clientId = '' }) => ({ ...claimsOf.get(clientId) }),
  });
  handle = provider.callback();
  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    keyRequests: () => keyRequests,
    async issue(client, claims) {
      claimsOf.set(client, claims);
      const answer = await fetch(`${issuer}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${client}:${encodeURIComponent(secret)}`)}` },
        body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience, scope: 'messages' }),
      });
      const body: unknown = await answer.json();
      if (typeof body !== 'object' || body === null || !('access_token' in body)) throw new Error(JSON.stringify(body));
      return String(body.access_token);
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}
