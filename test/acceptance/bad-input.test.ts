import { describe, expect, test } from 'vitest';

import { anthropicPath, badInputSuite, good, invalid, translatedPath, user } from './support/refuses.ts';
import type { RawRequest } from './support/send-raw.ts';
import { sendRaw } from './support/send-raw.ts';

const suite = badInputSuite('bad-input');
const { refuses, authorized } = suite;

/** A message that names a field by its path. */
function names(path: string): RegExp {
  return new RegExp(`(?:^|[\\s"'\`])${path.replaceAll('.', String.raw`\.`)}(?!\\w)`, 'u');
}

describe('a target', () => {
  const notFound = { status: 404, type: 'not_found_error' } as const;
  const wrongMethod = { status: 405, type: 'invalid_request_error' } as const;
  const unsupported = /is not supported by this gateway\. (?!.*ANTHROPIC_BASE_URL)/u;
  const at =
    (method: string, path: string): (() => RawRequest) =>
    () =>
      authorized(method === 'POST' ? good : '', { method, path });

  refuses([
    {
      ...notFound,
      name: 'unknown provider',
      request: at('POST', '/nobody:model/v1/messages'),
      message: /^(?=.*nobody)(?=.*anthropic)(?=.*openai)/u,
    },
    { ...notFound, name: 'unknown path', request: at('GET', '/v2/messages'), message: /path/u },
    {
      ...notFound,
      name: 'unknown path behind a prefix',
      request: at('POST', '/openai:m/v1/nothing'),
      message: /path/u,
    },
    // Claude Code takes every 404 to a request for a message for an unknown model, and does not show what it says.
    ...['/anthropic/v1/messages', '/openai/v1/messages?beta=true', '/v1/messages/v1/messages'].map((path) => ({
      ...invalid,
      name: `a message behind a wrong base URL, ${path}`,
      request: at('POST', path),
      message: /^(?=.*base URL)(?=.*ANTHROPIC_BASE_URL)/u,
    })),
    {
      ...notFound,
      name: 'a count behind a wrong base URL',
      request: at('POST', '/anthropic/v1/messages/count_tokens'),
      message: /ANTHROPIC_BASE_URL/u,
    },
    {
      ...wrongMethod,
      name: 'a message behind a base URL with a query',
      request: at('POST', '/?x=1%2Fv1%2Fmessages%3Fbeta=true'),
      message: /^(?=.*Use GET)(?=.*ANTHROPIC_BASE_URL)(?=.*query)/u,
      headers: { allow: 'GET, HEAD' },
    },
    ...[
      at('POST', '/v1/files?beta=true'),
      at('DELETE', '/v1/files/file_1'),
      at('GET', '/v1/skills'),
      at('POST', '/v1/sessions/sesn_1/events'),
      at('POST', '/v1/chat/completions'),
      at('GET', '/v1/responses/resp_1'),
      at('POST', '/openai:gpt-4.1/v1/complete'),
    ].map((request) => ({ ...notFound, name: 'an API that is not served', request, message: unsupported })),
    ...[
      at('POST', '/v1/messages/batches'),
      at('GET', '/v1/messages/batches/msgbatch_1/results'),
      at('POST', '/openai:vendor/model:tag/v1/messages/batches'),
    ].map((request) => ({
      status: 501,
      type: 'not_supported',
      name: 'batches, which are off',
      request,
      message: /batches are off/u,
      headers: { 'x-should-retry': 'false' },
    })),
    {
      status: 401,
      type: 'authentication_error',
      name: 'an API that is not served, without a credential',
      request: () => ({ method: 'GET', path: '/v1/files' }),
      message: /API key/u,
    },
    { ...notFound, name: 'metrics, which are not for clients', request: at('GET', '/metrics'), message: /path/u },
    {
      ...wrongMethod,
      name: 'GET of messages',
      request: at('GET', '/v1/messages'),
      message: /POST/u,
      headers: { allow: 'POST' },
    },
    {
      ...wrongMethod,
      name: 'DELETE of models',
      request: at('DELETE', '/v1/models'),
      message: /GET/u,
      headers: { allow: /GET/u },
    },
    { ...wrongMethod, name: 'POST of the root', request: at('POST', '/'), message: /GET/u, headers: { allow: /GET/u } },
    { ...invalid, name: 'bad percent-escape', request: at('POST', '/v1/mess%zzages'), message: /percent/u },
    {
      ...invalid,
      name: 'percent-escape that is no UTF-8',
      request: at('POST', '/openai:m%ff/v1/messages'),
      message: /percent/u,
    },
  ]);

  test.each([
    '/v1/messages?beta=true',
    '/v1/v1/messages',
    '/openai:vendor/model:tag/v1/v1/messages',
    '/openai:vendor%2Fmodel%3Atag/v1/messages',
    'http://gateway.test/v1/messages',
    'http://gateway.test:4000/openai:vendor/model:tag/v1/messages?beta=true',
  ])('%s is served', async (path) => {
    expect((await sendRaw(suite.current().gateway.url, authorized(good, { path }))).status).toBe(200);
  });
});

describe.each([
  { dialect: 'anthropic', path: anthropicPath },
  { dialect: 'openai-chat', path: translatedPath },
])('a body on $dialect', ({ path }) => {
  const body =
    (value: unknown): (() => RawRequest) =>
    () =>
      authorized(value, { path });
  refuses([
    { ...invalid, name: 'invalid JSON', request: body('{"model": "m", }'), message: /JSON/u },
    { ...invalid, name: 'cut-off JSON', request: body(JSON.stringify(good).slice(0, -5)), message: /JSON/u },
    { ...invalid, name: 'bytes that are no UTF-8', request: body(Buffer.from([0xff, 0xfe, 0x00])), message: /JSON/u },
    {
      ...invalid,
      name: 'bytes that are no UTF-8, in a text',
      request: body(
        Buffer.from(JSON.stringify({ ...good, messages: [{ role: 'user', content: 'h\u00e9' }] }), 'latin1'),
      ),
      message: /UTF-8/u,
    },
    { ...invalid, name: 'an array', request: body([good]), message: /object/u },
    { ...invalid, name: 'a string', request: body('"hello"'), message: /object/u },
    { ...invalid, name: 'null', request: body('null'), message: /object/u },
    { ...invalid, name: 'empty', request: body(''), message: /empty|body/iu },
    {
      ...invalid,
      name: 'two models',
      request: body(`{"model":"a",${JSON.stringify(good).slice(1)}`),
      message: /model/u,
    },
    {
      ...invalid,
      name: 'two models, one escaped',
      request: body(`{"mod\\u0065l":"a",${JSON.stringify(good).slice(1)}`),
      message: /model/u,
    },
    { ...invalid, name: 'no model', request: body({ ...good, model: undefined }), message: names('model') },
    { ...invalid, name: 'mistyped model', request: body({ ...good, model: 5 }), message: names('model') },
    {
      ...invalid,
      name: 'mistyped stream',
      request: body({ ...good, stream: 'yes' }),
      message: names('stream'),
    },
    {
      ...invalid,
      name: 'mistyped max_tokens',
      request: body({ ...good, max_tokens: '64' }),
      message: names('max_tokens'),
    },
  ]);
});

describe('a body on a translated dialect', () => {
  const body =
    (change: object): (() => RawRequest) =>
    () =>
      authorized({ ...good, ...change }, { path: translatedPath });
  const last = (message: unknown): (() => RawRequest) =>
    body({ messages: [user, { role: 'assistant', content: 'yes' }, user, message] });
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

  refuses([
    {
      ...invalid,
      name: 'no max_tokens',
      request: body({ max_tokens: undefined }),
      message: names('max_tokens'),
    },
    { ...invalid, name: 'no messages', request: body({ messages: undefined }), message: names('messages') },
    { ...invalid, name: 'mistyped messages', request: body({ messages: 'hi' }), message: names('messages') },
    { ...invalid, name: 'no message', request: body({ messages: [] }), message: names('messages') },
    { ...invalid, name: 'a message that is none', request: last('hi'), message: names('messages.3') },
    { ...invalid, name: 'no role', request: last({ content: 'hi' }), message: names('messages.3.role') },
    {
      ...invalid,
      name: 'unknown role',
      request: last({ role: 'robot', content: 'hi' }),
      message: names('messages.3.role'),
    },
    {
      ...invalid,
      name: 'no content',
      request: last({ role: 'user' }),
      message: names('messages.3.content'),
    },
    {
      ...invalid,
      name: 'mistyped content',
      request: last({ role: 'user', content: 5 }),
      message: names('messages.3.content'),
    },
    {
      ...invalid,
      name: 'a block that is none',
      request: last({ role: 'user', content: [{ type: 'text', text: 'hi' }, 5] }),
      message: names('messages.3.content.1'),
    },
    {
      ...invalid,
      name: 'nesting over 512',
      request: last({ role: 'user', content: nested(600) }),
      message: /nest|deep|depth|512/iu,
    },
    {
      ...invalid,
      name: 'nesting over 512 in a schema',
      request: body({ tools: [{ name: 't', input_schema: { type: 'object', x: nested(600) } }] }),
      message: /nest|deep|depth|512/iu,
    },
    {
      ...invalid,
      name: 'nesting that exhausts a stack',
      request: () =>
        authorized(`{"model":"m","max_tokens":1,"messages":${'['.repeat(150_000)}${']'.repeat(150_000)}}`, {
          path: translatedPath,
        }),
      message: /nest|deep|depth|512/iu,
    },
  ]);
});
