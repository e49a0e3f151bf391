import { describe, expect, test } from 'vitest';
import { catalogFromEnv } from './from-env.ts';

const anthropic = { ANTHROPIC_API_KEY: 'sk-ant-test' };
const openai = { OPENAI_API_KEY: 'sk-test' };
const both = { ...anthropic, ...openai };
const models = { BIG_MODEL: 'big', SMALL_MODEL: 'small' };

function problems(env: Record<string, string>): readonly string[] {
  const result = catalogFromEnv(env);
  return result.kind === 'faulty' ? result.problems : [];
}

describe('what stops the start', () => {
  test('no provider, with the lines to write', () => {
    expect(problems({})[0]).toMatch(/ANTHROPIC_API_KEY=sk-ant-/u);
  });

  test('several providers and none preferred', () => {
    expect(problems({ ...anthropic, ...openai })).toEqual([
      'PREFERRED_PROVIDER: required. Several providers are configured: openai, anthropic. Set it to the one for requests that name no provider.',
    ]);
  });

  test.each([
    [{ OPENAI_BASE_URL: 'http://127.0.0.1:8000/v1' }, 'openai'],
    [{ NVIDIA_API_KEY: 'nvapi-x' }, 'nvidia'],
    [{ ...both, NVIDIA_API_KEY: 'nvapi-x', PREFERRED_PROVIDER: 'nvidia' }, 'nvidia'],
  ])('no models for the names of Claude, where %j serves them', (env, name) => {
    expect(problems(env)).toEqual([
      `BIG_MODEL: required. Name a model of the provider "${name}"; it replaces sonnet, opus and other Claude names.`,
      `SMALL_MODEL: required. Name a model of the provider "${name}"; it replaces haiku.`,
    ]);
    expect(problems({ ...env, BIG_MODEL: 'm' })).toEqual([expect.stringMatching(/^SMALL_MODEL: /u)]);
    expect(problems({ ...env, BIG_MODEL: 'm', SMALL_MODEL: 'm' })).toEqual([]);
  });

  test('everything that is wrong, at once', () => {
    const faulty = { OPENAI_DIALECT: 'soap', MAX_OUTPUT_TOKENS: 'many', ANTHROPIC_API_KEY: 'sk-...' };
    const vertex = { USE_VERTEX_AUTH: 'true', VERTEX_LOCATION: '??' };
    const found = problems({ ...openai, ...faulty, ...vertex, PREFERRED_PROVIDER: 'zzz', BIG_MODEL: 'nvidia:x' });
    expect(new Set(found.map((line) => line.split(':')[0]))).toEqual(
      new Set([
        'ANTHROPIC_API_KEY',
        'BIG_MODEL',
        'MAX_OUTPUT_TOKENS',
        'OPENAI_DIALECT',
        'PREFERRED_PROVIDER',
        'VERTEX_LOCATION',
        'VERTEX_PROJECT',
      ]),
    );
  });

  test('what is faulty itself is not told as missing to what names it', () => {
    const named = { SMALL_MODEL: 'gemini:x', BIG_MODEL: 'anthropic:x' };
    const vertex = { USE_VERTEX_AUTH: 'true', PREFERRED_PROVIDER: 'gemini' };
    expect(problems({ ...vertex, ...named, ANTHROPIC_API_KEY: 'sk-...' }).map((line) => line.split(':')[0])).toEqual([
      'VERTEX_PROJECT',
      'ANTHROPIC_API_KEY',
    ]);
  });

  test.each(['anthropic', 'gemini'])('PREFERRED_PROVIDER=%s without that provider', (wanted) => {
    expect(problems({ ...openai, PREFERRED_PROVIDER: wanted })[0]).toMatch(
      /^PREFERRED_PROVIDER: .*Configured: openai/u,
    );
  });

  const howTo = [
    ['openai', 'For openai set OPENAI_API_KEY or OPENAI_BASE_URL.'],
    ['anthropic', 'For anthropic set ANTHROPIC_API_KEY.'],
    ['nvidia', 'For nvidia set NVIDIA_API_KEY.'],
    ['openrouter', 'For openrouter set OPENROUTER_API_KEY.'],
    ['gemini', 'For gemini set GEMINI_API_KEY or USE_VERTEX_AUTH=true with VERTEX_PROJECT.'],
    ['google', 'For google set GEMINI_API_KEY or USE_VERTEX_AUTH=true with VERTEX_PROJECT.'],
  ] as const;

  test.each(howTo)('PREFERRED_PROVIDER=%s alone, with the variables that it needs', (wanted, how) => {
    for (const audience of ['one-person', 'organisation'] as const) {
      expect(catalogFromEnv({ PREFERRED_PROVIDER: wanted }, audience)).toMatchObject({
        problems: [`PREFERRED_PROVIDER: "${wanted}" is not a configured provider. Configured: none. ${how}`],
      });
    }
  });

  test.each(howTo.slice(1))('a model of %s without that provider, with the variables that it needs', (name, how) => {
    expect(problems({ ...openai, BIG_MODEL: `${name}:m` })).toEqual([
      `BIG_MODEL: "${name}" is not a configured provider. Configured: openai. ${how}`,
    ]);
  });

  test('a key of Google under the name that other programs read, where none is read', () => {
    const hint = 'GOOGLE_API_KEY: is not read here. If it is the key for Gemini, set GEMINI_API_KEY to it.';
    expect(problems({ GOOGLE_API_KEY: 'AIza' })).toEqual([expect.stringMatching(/^No provider/u), hint]);
    expect(problems({ GOOGLE_API_KEY: 'AIza', PREFERRED_PROVIDER: 'google' })).toContain(hint);
    expect(catalogFromEnv({ ...openai, GOOGLE_API_KEY: 'AIza' })).toMatchObject({ warnings: [] });
  });

  test("a key of the gateway as a provider's credential", () => {
    expect(problems({ ANTHROPIC_API_KEY: 'ccg_live_x' })).toEqual([
      expect.stringMatching(/^ANTHROPIC_API_KEY: is a key of this gateway/u),
    ]);
  });

  test.each(['sk-...', 'sk-ant-...', '...'])('the placeholder %s as a credential', (credential) => {
    expect(problems({ ...openai, OPENAI_API_KEY: credential })).toEqual([
      'OPENAI_API_KEY: is the placeholder of an example. Set your own credential',
    ]);
  });

  test.each(['anthropic:claude-opus-5-5', 'openai:'])('BIG_MODEL=%s, which names no target', (model) => {
    expect(problems({ ...openai, BIG_MODEL: model })).toEqual([expect.stringMatching(/^BIG_MODEL: "/u)]);
  });

  test.each(['ftp://x', 'not a url', 'http://user:pass@host', 'http://host/?q=1'])('the base URL %s', (url) => {
    expect(problems({ OPENAI_BASE_URL: url })).toEqual([expect.stringMatching(/^OPENAI_BASE_URL: must be/u)]);
  });

  test.each(['/v1/chat/completions', '/v1/chat/completions/', '/v1/messages', '/v1/models'])(
    'the base URL of a request, %s',
    (path) => {
      expect(problems({ ...models, OPENAI_BASE_URL: `http://127.0.0.1:8000${path}` })).toEqual([
        expect.stringMatching(
          /^OPENAI_BASE_URL: must be the base URL.*Remove the last part, such as \/chat\/completions$/u,
        ),
      ]);
    },
  );

  test.each(['sk-\u201cquoted\u201d', 'sk-\u00e9', 'sk-a\tb', 'sk-a\u007f'])('the credential %j', (credential) => {
    const [problem, ...others] = problems({ ANTHROPIC_API_KEY: credential });
    expect(problem).toMatch(/^ANTHROPIC_API_KEY: has a character that is not printable ASCII/u);
    expect(problem).not.toContain('sk-');
    expect(others).toEqual([]);
  });

  test.each(['-1', '1.5', 'many'])('MAX_OUTPUT_TOKENS=%s', (value) => {
    expect(problems({ ...openai, MAX_OUTPUT_TOKENS: value })).toEqual([
      expect.stringMatching(/^MAX_OUTPUT_TOKENS: must be/u),
    ]);
  });
});
