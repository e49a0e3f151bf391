import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createProvider } from '@ccg/catalog';
import type { ProviderCredential } from '@ccg/catalog';
import { Secret } from '@ccg/kernel';
import type { HeaderList } from '@ccg/wire';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { UpstreamCall } from './compose-call.ts';
import { createUpstream } from './create-upstream.ts';

const times = { connectTimeoutMs: 5000, firstByteTimeoutMs: 5000, idleTimeoutMs: 5000 };
const upstream = createUpstream(times);
const seen: IncomingMessage[] = [];
const server = createServer((request, response) => {
  seen.push(request);
  response.end('{}');
});
let origin = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => seen.splice(0));
afterAll(async () => {
  await upstream.close();
  server.close();
});

const clientHeaders: HeaderList = [
  ['authorization', 'Bearer of-the-client'],
  ['x-api-key', 'of-the-client'],
  ['cookie', 'of-the-client'],
  ['content-type', 'text/plain'],
  ['accept-encoding', 'gzip'],
  ['anthropic-beta', 'one-beta'],
  ['user-agent', 'claude-cli/2'],
  ['x-stainless-lang', 'js'],
];
const anthropic = (profile: 'claude' | 'kimi' = 'claude', credential: ProviderCredential = new Secret('sk-own')) =>
  createProvider({ name: 'anthropic', dialect: 'anthropic', baseUrl: origin, credential, profile });
const chat = (credential: ProviderCredential | undefined) =>
  createProvider({
    name: 'openai',
    dialect: 'openai-chat',
    baseUrl: `${origin}/v1`,
    credential,
    headers: [['x-title', 'us']],
    profile: 'compatible',
  });

test('a header of the operator takes the place of every other of its name, and a secret one is sent as it is', async () => {
  const headers = [
    ['anthropic-beta', new Secret('own-beta')],
    ['user-agent', 'own'],
  ] as const;
  const provider = { ...anthropic(), endpoint: { ...anthropic().endpoint, headers } };
  await call(provider, message());
  const sent = headersOf(seen[0]).filter(([name]) => name === 'anthropic-beta' || name === 'user-agent');
  expect(sent).toEqual([
    ['anthropic-beta', 'own-beta'],
    ['user-agent', 'own'],
  ]);
});

test('a chat server gets every header once, and none of the client', async () => {
  await call(chat(new Secret('sk-own')), { ...message(), headers: [['accept', 'text/event-stream']] });
  expect(seen[0]?.url).toBe('/v1/chat/completions');
  expect(headersOf(seen[0])).toEqual([
    ['accept', 'text/event-stream'],
    ['accept-encoding', 'identity'],
    ['authorization', 'Bearer sk-own'],
    ['content-length', '2'],
    ['content-type', 'application/json'],
    ['user-agent', 'claude-code-gateway'],
    ['x-title', 'us'],
  ]);
});

test('a server of Anthropic gets what belongs to the protocol, and the version that the client left out', async () => {
  await call(anthropic(), message('?beta=true'));
  expect(seen[0]?.url).toBe('/v1/messages?beta=true');
  expect(headersOf(seen[0])).toEqual([
    ['accept-encoding', 'identity'],
    ['anthropic-beta', 'one-beta'],
    ['anthropic-version', '2023-06-01'],
    ['content-length', '2'],
    ['content-type', 'application/json'],
    ['user-agent', 'claude-cli/2'],
    ['x-api-key', 'sk-own'],
    ['x-stainless-lang', 'js'],
  ]);
});

test("the client's own version replaces the default", async () => {
  const client = { headers: [['anthropic-version', '2099-01-01']], query: '' } as const;
  await call(anthropic(), { ...message(), client });
  expect(headersOf(seen[0]).filter(([name]) => name === 'anthropic-version')).toEqual([
    ['anthropic-version', '2099-01-01'],
  ]);
});

test('a compatible server gets no names of betas', async () => {
  await call(anthropic('kimi'), message());
  expect(headersOf(seen[0]).map(([name]) => name)).not.toContain('anthropic-beta');
});

test('no credential is sent where none is configured', async () => {
  await call(chat(undefined), message());
  expect(headersOf(seen[0]).map(([name]) => name)).not.toContain('authorization');
});

test('counts and lists of models go to the paths of their dialect', async () => {
  await call(anthropic(), { ...message(), operation: 'count' });
  await call(anthropic(), { operation: 'models' });
  await call(chat(undefined), { operation: 'models' });
  expect(seen.map(({ method, url }) => [method, url])).toEqual([
    ['POST', '/v1/messages/count_tokens'],
    ['GET', '/v1/models?limit=1000'],
    ['GET', '/v1/models'],
  ]);
});

test('a path may follow from the model and from whether a stream is asked for', async () => {
  const plain = chat(undefined);
  const path = (model: string, stream: boolean) => `/models/${model}:${stream ? 'stream?alt=sse' : 'whole'}`;
  const form = { ...plain.endpoint.form, paths: { ...plain.endpoint.form.paths, messages: path } };
  const provider = { ...plain, endpoint: { ...plain.endpoint, form } };
  await call(provider, { ...message(), model: 'one', stream: false });
  await call(provider, { ...message(), model: 'two', stream: true });
  expect(seen.map(({ url }) => url)).toEqual(['/v1/models/one:whole', '/v1/models/two:stream?alt=sse']);
});

test.each([
  ['?a=b c', '?a=b%20c'],
  ['?a="<>', '?a=%22%3C%3E'],
  ['?a=b#c', '?a=b'],
])('the query %j is sent as %j', async (query, sent) => {
  await call(anthropic(), message(query));
  expect(seen[0]?.url).toBe(`/v1/messages${sent}`);
});

test('a credential that is fetched is waited for, and asked for with every call', async () => {
  let token = 0;
  const credential = { reveal: () => Promise.resolve(`token-${(token += 1)}`) };
  await call(chat(credential), message());
  await call(chat(credential), message());
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
});

test('without its credential a provider is not called', async () => {
  const credential = { reveal: () => Promise.reject(new Error('no token')) };
  await expect(call(chat(credential), message())).rejects.toMatchObject({ kind: 'no-credential' });
  expect(seen).toEqual([]);
});

function message(query = ''): UpstreamCall & { readonly operation: 'messages' | 'count' } {
  return {
    operation: 'messages',
    model: 'm',
    stream: false,
    headers: [],
    client: { headers: clientHeaders, query },
    body: Buffer.from('{}'),
  };
}

async function call(provider: ReturnType<typeof chat>, what: UpstreamCall): Promise<void> {
  const response = await upstream.call(provider, what, new AbortController().signal);
  await response.body.collect(100);
}

/** All that was on the wire but the connection's own, sorted. */
function headersOf(request: IncomingMessage | undefined): readonly (readonly string[])[] {
  const raw = request?.rawHeaders ?? [];
  const pairs = raw.flatMap((name, index) => (index % 2 === 0 ? [[name.toLowerCase(), raw[index + 1] ?? '']] : []));
  return pairs
    .filter(([name]) => name !== 'host' && name !== 'connection')
    .toSorted(([a = ''], [b = '']) => a.localeCompare(b));
}
