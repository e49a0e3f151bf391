import { describe, expect, test } from 'vitest';
import { parseTarget } from './parse-target.ts';

describe('a prefix is taken off', () => {
  test.each([
    ['/openai:gpt-4o/v1/messages?beta=true', 'openai', 'gpt-4o', '/v1/messages', '?beta=true'],
    ['/openai:vendor/model:tag/v1/messages', 'openai', 'vendor/model:tag', '/v1/messages', ''],
    ['/ollama:gpt-oss:20b/v1/messages/count_tokens', 'ollama', 'gpt-oss:20b', '/v1/messages/count_tokens', ''],
    ['/openai%3Avendor%2Fmodel/v1/models', 'openai', 'vendor/model', '/v1/models', ''],
    ['/openai:m/v1/v1/messages', 'openai', 'm', '/v1/messages', ''],
    ['/openai:a/v1/b/v1/messages', 'openai', 'a/v1/b', '/v1/messages', ''],
    ['/openai:m/api/hello', 'openai', 'm', '/api/hello', ''],
    ['/openai:m', 'openai', 'm', '/', ''],
    ['/openai:m/', 'openai', 'm', '/', ''],
    ['/openai:m/v1/', 'openai', 'm', '/v1', ''],
    ['/openai:/v1/messages', 'openai', '', '/v1/messages', ''],
    ['/openai:modèle/v1/messages', 'openai', 'modèle', '/v1/messages', ''],
  ])('%s', (url, provider, model, path, query) => {
    expect(parseTarget(url)).toEqual({ prefix: { provider, model }, path, query });
  });
});

describe('an absolute URL means its path', () => {
  test.each([
    ['http://host/v1/messages?x=1', undefined, '/v1/messages', '?x=1'],
    ['HTTPS://host:4000/openai:a/b:c/v1/messages', { provider: 'openai', model: 'a/b:c' }, '/v1/messages', ''],
    ['http://host', undefined, '/', ''],
    ['http://host?x=1', undefined, '/', '?x=1'],
  ])('%s', (url, prefix, path, query) => {
    expect(parseTarget(url)).toEqual({ prefix, path, query });
  });
});

describe('a path without a prefix stays', () => {
  test.each([
    ['/', '/', ''],
    ['/?x=1', '/', '?x=1'],
    ['/v1/messages?beta=true', '/v1/messages', '?beta=true'],
    ['/v1/messages/', '/v1/messages', ''],
    ['//v1//messages', '/v1/messages', ''],
    ['/v1/v1/messages', '/v1/messages', ''],
    ['/v1/v1/v1/messages', '/v1/messages', ''],
    ['/v1/v1', '/v1', ''],
    ['/nothing/v1/messages', '/nothing/v1/messages', ''],
    ['/a/b:c/v1/messages', '/a/b:c/v1/messages', ''],
    ['/:model/v1/messages', '/:model/v1/messages', ''],
    ['/v1/models/openai:gpt-4o', '/v1/models/openai:gpt-4o', ''],
    ['/v1/messages?next=/openai:m/v1/x', '/v1/messages', '?next=/openai:m/v1/x'],
  ])('%s', (url, path, query) => {
    expect(parseTarget(url)).toEqual({ prefix: undefined, path, query });
  });
});

test.each(['/%', '/v1/mess%zzages', '/openai:%E0%A4/v1/messages'])('the bad escape in %s is told', (url) => {
  expect(parseTarget(url)).toBeUndefined();
});
