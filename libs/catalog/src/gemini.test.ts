import { describe, expect, test } from 'vitest';
import { requestPath } from './dialects.ts';
import { catalogFromEnv } from './from-env.ts';
import { readModelList } from './model-limits.ts';
import { resolveRoute } from './resolve-route.ts';
import { createTarget, createTargets } from './targets.ts';
import type { Catalog } from './build-catalog.ts';

const gemini = {
  GEMINI_API_KEY: 'AIza-test',
  BIG_MODEL: 'gemini-3-pro-preview',
  SMALL_MODEL: 'gemini-3-flash-preview',
};
const others = { ...gemini, OPENAI_API_KEY: 'sk-test' };
const secrets = { env: (name: string) => (name === 'KEY' ? 'AIza-file' : undefined), file: () => undefined };

function catalog(env: Readonly<Record<string, string>>, text?: string): Catalog {
  const source = text === undefined ? undefined : { path: 'gateway.yaml', text, secrets };
  const made = catalogFromEnv(env, 'organisation', source);
  if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
  return made.catalog;
}

describe('the provider gemini', () => {
  test('is there by its key alone, at its usual address', () => {
    expect(catalog(gemini).preferred).toMatchObject({
      name: 'gemini',
      dialect: 'gemini',
      baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    });
  });

  test('is called google, too: as the preferred one, in models, in a URL and in a file', () => {
    const made = catalog({ ...others, PREFERRED_PROVIDER: 'google', BIG_MODEL: 'google:gemini-2.5-pro' });
    const key = (model: string, prefix?: { provider: string; model: string }) =>
      resolveRoute(made, createTargets(made), { model, prefix }).targets[0].key;
    expect(made.preferred?.name).toBe('gemini');
    expect(key('claude-opus-5')).toBe('gemini:gemini-2.5-pro');
    expect(key('google:gemini-3-flash')).toBe('gemini:gemini-3-flash');
    expect(key('x', { provider: 'google', model: 'gemini-3-flash' })).toBe('gemini:gemini-3-flash');
    const file = 'version: 1\npreferred: google\nmodels:\n  fast: google:gemini-3-flash\n';
    const ofFile = catalog(others, file);
    expect(resolveRoute(ofFile, createTargets(ofFile), { model: 'fast', prefix: undefined }).targets[0].key).toBe(
      'gemini:gemini-3-flash',
    );
  });

  test('of a file replaces the one of the environment, whichever of the two names it has there', () => {
    const provider = 'dialect: gemini, baseUrl: "http://proxy:8080/v1beta", credential: {env: KEY}';
    const made = catalog(gemini, `version: 1\nproviders:\n  google: {${provider}}\n`);
    expect([...made.providers.keys()]).toEqual(['google']);
    expect(resolveRoute(made, createTargets(made), { model: 'gemini:x', prefix: undefined }).targets[0].key).toBe(
      'google:x',
    );
  });

  test('may be at a base URL that is a host and a port', () => {
    const made = catalogFromEnv({ ...gemini, GEMINI_API_BASE: 'http://127.0.0.1:8080' });
    expect(made.kind).toBe('valid');
  });

  test.each([
    [
      { GEMINI_API_BASE: 'http://proxy/v1beta/models/gemini-3-flash:generateContent' },
      /^GEMINI_API_BASE: must be the base/u,
    ],
    [{ GEMINI_API_BASE: 'http://proxy/v1beta?key=x' }, /^GEMINI_API_BASE: must be an http/u],
    [{ GEMINI_SAFETY_THRESHOLD: 'NONE' }, /^GEMINI_SAFETY_THRESHOLD: must be one of OFF, BLOCK_NONE/u],
    [{ GEMINI_API_KEY: 'AIza...' }, /^GEMINI_API_KEY: is the placeholder/u],
  ])('with %j is one problem', (env, message) => {
    const found = catalogFromEnv({ ...gemini, ...env });
    if (found.kind === 'valid') throw new Error('It should be faulty.');
    expect(found.problems).toEqual([expect.stringMatching(message)]);
  });
});

test.each([
  ['gemini-3-flash', false, '/models/gemini-3-flash:generateContent'],
  ['gemini-3-flash', true, '/models/gemini-3-flash:streamGenerateContent?alt=sse'],
  ['models/gemini-3-flash', false, '/models/gemini-3-flash:generateContent'],
  ['../../x?key=a#b', false, '/models/..%2F..%2Fx%3Fkey%3Da%23b:generateContent'],
])('the name %j is a part of a path (stream: %j): %s', (model, stream, path) => {
  const { endpoint } = createTarget({ provider: providerOf(), model });
  expect(requestPath(endpoint.form, { operation: 'messages', model, stream })).toBe(path);
});

test.each([
  ['gemini-3-pro-preview', { kind: 'levels', levels: ['low', 'medium', 'high'] }, true],
  ['gemini-3-flash-preview', { kind: 'levels', levels: ['minimal', 'low', 'medium', 'high'] }, true],
  ['gemini-3.7-flash', { kind: 'levels', levels: ['low', 'medium', 'high'] }, true],
  ['gemini-3.7-flash-lite', { kind: 'levels', levels: ['minimal', 'low', 'medium', 'high'] }, true],
  ['gemini-flash-latest', { kind: 'levels', levels: ['low', 'medium', 'high'] }, true],
  ['gemini-2.5-pro', { kind: 'budget', min: 128, max: 32_768, canStop: false }, false],
  ['gemini-2.5-flash', { kind: 'budget', min: 1, max: 24_576, canStop: true }, false],
  ['gemini-2.5-flash-lite', { kind: 'budget', min: 512, max: 24_576, canStop: true }, false],
  ['gemini-2.5-flash-image', { kind: 'never' }, false],
  ['gemini-2.0-flash', { kind: 'never' }, false],
  ['gemma-3-27b-it', { kind: 'never' }, false],
])('how %s thinks, and whether its calls are signed', (model, thinking, signedCalls) => {
  expect(createTarget({ provider: providerOf(), model }).capabilities).toMatchObject({ thinking, signedCalls });
});

test("limits come from Gemini's own list, whose names have a part before them", () => {
  const list = { models: [{ name: 'models/gemini-x', inputTokenLimit: 1_048_576, outputTokenLimit: 65_536 }] };
  expect([...(readModelList(list) ?? [])]).toEqual([['gemini-x', { contextTokens: 1_048_576, outputTokens: 65_536 }]]);
});

function providerOf() {
  const provider = catalog(gemini).preferred;
  if (provider === undefined) throw new Error('The only provider is preferred.');
  return provider;
}
