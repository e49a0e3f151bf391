import { createProvider, createTarget } from '@ccg/catalog';
import { expect, test } from 'vitest';
import { findInAnswer, wrongBaseUrlError } from './wrong-base-url.ts';

const html = [['content-type', 'text/html; charset=utf-8']] as const;
const json = [['content-type', 'application/json']] as const;

test.each([
  ['a login page', 200, html, '<html>Sign in</html>', { kind: 'page' }],
  ['a redirect', 302, [['location', 'https://login.example/']] as const, '', { kind: 'redirect', status: 302 }],
  ['Go', 404, [], '404 page not found', { kind: 'path-unknown', status: 404 }],
  ['nginx', 404, html, '<html>404 Not Found</html>', { kind: 'path-unknown', status: 404 }],
  ['nothing', 404, [], '', { kind: 'path-unknown', status: 404 }],
  ['FastAPI, and so vLLM', 404, json, '{"detail":"Not Found"}', { kind: 'path-unknown', status: 404 }],
  ['FastAPI', 405, json, '{"detail":"Method Not Allowed"}', { kind: 'path-unknown', status: 405 }],
  [
    'llama.cpp',
    404,
    json,
    '{"error":{"message":"File Not Found","type":"not_found_error","code":404}}',
    { kind: 'path-unknown', status: 404 },
  ],
  [
    'OpenAI',
    404,
    json,
    '{"error":{"message":"Invalid URL (POST /chat/completions)","type":"invalid_request_error"}}',
    { kind: 'path-unknown', status: 404 },
  ],
])('%s tells that the base URL is wrong', (_who, status, headers, body, finding) => {
  expect(findInAnswer({ status, headers, body: Buffer.from(body) })).toEqual(finding);
});

test.each([
  ['a model of OpenAI', 404, json, '{"error":{"message":"The model `m` does not exist","code":"model_not_found"}}'],
  ['a model of Ollama', 404, json, '{"error":{"message":"model \'m\' not found","type":"api_error"}}'],
  ['a model of Anthropic', 404, json, '{"type":"error","error":{"type":"not_found_error","message":"model: m"}}'],
  [
    'a function of NVIDIA',
    404,
    json,
    `{"status":404,"title":"Not Found","detail":"Function 'f': Not found for account 'a'"}`,
  ],
  ['a page of a proxy whose server is down', 502, html, '<html>Bad gateway</html>'],
  ['an answer', 200, json, '{}'],
])('%s tells nothing of the base URL', (_what, status, headers, body) => {
  expect(findInAnswer({ status, headers, body: Buffer.from(body) })).toBeUndefined();
});

test.each([
  [
    'openai-chat' as const,
    'The base URL of the provider "p" looks wrong: there is no /chat/completions there (HTTP 404). Tell the gateway\'s operators to check it. The base URL usually ends in /v1.',
  ],
  [
    'anthropic' as const,
    'The base URL of the provider "p" looks wrong: there is no /v1/messages there (HTTP 404). Tell the gateway\'s operators to check it. The base URL usually does not end in /v1.',
  ],
])('a client of %s is told what was found, no host, and not to retry', (dialect, message) => {
  const base = { name: 'p', baseUrl: 'http://internal.example', credential: undefined };
  const provider =
    dialect === 'anthropic'
      ? createProvider({ ...base, dialect })
      : createProvider({ ...base, dialect, profile: 'compatible' });
  const error = wrongBaseUrlError(createTarget({ provider, model: 'm' }), { kind: 'path-unknown', status: 404 });
  expect(error).toMatchObject({ publicMessage: message, status: 502, retry: 'never' });
});
