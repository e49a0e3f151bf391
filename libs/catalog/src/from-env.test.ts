import { describe, expect, test } from 'vitest';
import { catalogFromEnv } from './from-env.ts';
import { resolveRoute } from './resolve-route.ts';
import type { ChatCapabilities } from './capabilities/chat-capabilities.ts';
import type { RouteRequest } from './resolve-route.ts';
import { createTargets } from './targets.ts';
import type { Catalog } from './build-catalog.ts';

const anthropic = { ANTHROPIC_API_KEY: 'sk-ant-test' };
const openai = { OPENAI_API_KEY: 'sk-test' };
const both = { ...anthropic, ...openai };
const models = { BIG_MODEL: 'big', SMALL_MODEL: 'small' };

describe('which providers exist', () => {
  test('a base URL alone makes an openai provider without a credential', () => {
    const provider = catalog({ ...models, OPENAI_BASE_URL: 'http://127.0.0.1:8000/v1/' }).preferred;
    expect(provider).toMatchObject({ name: 'openai', baseUrl: 'http://127.0.0.1:8000/v1', profile: 'compatible' });
    expect(provider?.credential).toBeUndefined();
  });

  test('an OpenAI key alone means the official API and its capabilities', () => {
    expect(catalog(openai).preferred).toMatchObject({ baseUrl: 'https://api.openai.com/v1', profile: 'openai' });
  });

  test("Anthropic's URL is ANTHROPIC_API_BASE, never the client's ANTHROPIC_BASE_URL", () => {
    const env = { ...anthropic, ANTHROPIC_BASE_URL: 'http://127.0.0.1:4000' };
    expect(catalog(env).preferred?.baseUrl).toBe('https://api.anthropic.com');
    expect(catalog({ ...env, ANTHROPIC_API_BASE: 'http://127.0.0.1:9/' }).preferred?.baseUrl).toBe(
      'http://127.0.0.1:9',
    );
  });

  test.each([
    [{}, 'claude'],
    [{ ANTHROPIC_API_BASE: 'http://127.0.0.1:9' }, 'claude'],
    [{ ANTHROPIC_API_BASE: 'https://api.deepseek.com/anthropic' }, 'deepseek'],
    [{ ANTHROPIC_API_BASE: 'https://api.z.ai/api/anthropic' }, 'glm'],
    [{ ANTHROPIC_API_BASE: 'http://127.0.0.1:11434', ANTHROPIC_PROFILE: 'ollama' }, 'ollama'],
  ])('who answers for Anthropic is said, or known by the host: %j', (env, profile) => {
    expect(catalog({ ...anthropic, ...env }).preferred).toMatchObject({ name: 'anthropic', profile });
  });

  test('a family of Anthropic servers that nobody knows is a problem', () => {
    const [problem] = problems({ ...anthropic, ANTHROPIC_PROFILE: 'gemini' });
    expect(problem).toMatch(/^ANTHROPIC_PROFILE: must be one of claude, deepseek, kimi/u);
  });

  test('an API of OpenAI that nobody knows is a problem', () => {
    expect(problems({ ...openai, OPENAI_DIALECT: 'anthropic' })).toEqual([
      'OPENAI_DIALECT: must be openai-chat or openai-responses',
    ]);
  });

  test('the only configured provider is preferred, of several the one that is stated', () => {
    expect(catalog(anthropic).preferred?.name).toBe('anthropic');
    expect(catalog({ ...anthropic, ...openai, PREFERRED_PROVIDER: 'anthropic' }).preferred?.name).toBe('anthropic');
  });

  test.each([
    [{ ...both, PREFERRED_PROVIDER: 'OpenAI' }, 'openai'],
    [{ ...both, PREFERRED_PROVIDER: 'Anthropic' }, 'anthropic'],
    [{ PREFERRED_PROVIDER: 'Ollama', ...models }, 'ollama'],
    [{ ...openai, GEMINI_API_KEY: 'k', PREFERRED_PROVIDER: 'Google', ...models }, 'gemini'],
  ])('a provider is preferred in capitals, too: %j', (env, name) => {
    expect(catalog(env).preferred?.name).toBe(name);
  });

  test('a model of a tier names its provider in capitals, too', () => {
    const built = catalog({ ...both, PREFERRED_PROVIDER: 'Anthropic', BIG_MODEL: 'OpenAI:gpt-4.1' });
    expect(route(built, { model: 'claude-opus-5-5', prefix: undefined }).targets[0].key).toBe('openai:gpt-4.1');
  });

  test('of several openai is taken where that is allowed, with a warning', () => {
    expect(catalogFromEnv({ ...anthropic, ...openai }, 'one-person')).toMatchObject({
      catalog: { preferred: { name: 'openai' } },
      warnings: [
        'PREFERRED_PROVIDER: not set. Several providers are configured: openai, anthropic. Requests that name no provider go to openai; set it to choose another.',
      ],
    });
    const others = catalogFromEnv({ ...anthropic, NVIDIA_API_KEY: 'nvapi-x' }, 'one-person');
    expect(others).toMatchObject({ problems: [expect.stringMatching(/^PREFERRED_PROVIDER: required/u)] });
    expect(catalogFromEnv(openai, 'one-person')).toMatchObject({ warnings: [] });
  });

  test('NVIDIA and OpenRouter are providers of their own beside openai', () => {
    const { providers } = catalog({
      ...openai,
      NVIDIA_API_KEY: 'nvapi-x',
      OPENROUTER_API_KEY: 'sk-or-x',
      PREFERRED_PROVIDER: 'openai',
    });
    expect([...providers.values()]).toMatchObject([
      { name: 'openai', profile: 'openai' },
      { name: 'nvidia', profile: 'nvidia', baseUrl: 'https://integrate.api.nvidia.com/v1' },
      { name: 'openrouter', profile: 'openrouter', baseUrl: 'https://openrouter.ai/api/v1' },
    ]);
  });

  test('the switches of Nemotron have defaults and apply to its models wherever they are served', () => {
    const nim = { ...models, OPENAI_BASE_URL: 'http://127.0.0.1:8000/v1' };
    const thinking = (env: Record<string, string>, model: string) => capabilities(env, model).operatorThinking;
    expect(thinking(nim, 'nvidia/nemotron-3')).toEqual({ on: true, budgetTokens: 16_384 });
    const set = { ...nim, NVIDIA_ENABLE_THINKING: 'false', NVIDIA_REASONING_BUDGET: '100' };
    expect(thinking(set, 'nvidia/nemotron-3')).toEqual({ on: false, budgetTokens: 100 });
    expect(thinking(set, 'qwen3:8b')).toBeUndefined();
  });

  test('models whose text may hold calls are named by parts of their names', () => {
    const takes = (parts: string, model: string) =>
      capabilities({ ...openai, TEXT_TOOL_CALLS: parts }, model).textCalls;
    const named = ' Qwen3-Coder, nemotron,';
    expect([takes(named, 'vendor/qwen3-coder:30b'), takes(named, 'qwen3:8b'), takes(named, 'gpt-4.1')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(takes('*', 'gpt-4.1')).toBe(true);
  });

  test("a version at the end of Anthropic's base URL is warned of", () => {
    expect(catalogFromEnv({ ...anthropic, ANTHROPIC_API_BASE: 'https://api.anthropic.com/v1/' })).toMatchObject({
      warnings: [expect.stringMatching(/^ANTHROPIC_API_BASE: ends in \/v1/u)],
    });
    expect(catalogFromEnv(openai)).toMatchObject({ warnings: [] });
  });

  test.each([
    ['OPENAI_DIALECT', 'openai-chat', 'openai', anthropic],
    ['ANTHROPIC_API_BASE', 'http://a', 'anthropic', openai],
    ['ANTHROPIC_PROFILE', 'deepseek', 'anthropic', openai],
    ['NVIDIA_BASE_URL', 'http://a', 'nvidia', openai],
    ['OPENROUTER_BASE_URL', 'http://a', 'openrouter', openai],
    ['GEMINI_API_BASE', 'http://a', 'gemini', openai],
    ['GEMINI_SAFETY_THRESHOLD', 'BLOCK_NONE', 'gemini', openai],
    ['OLLAMA_NUM_CTX', '4096', 'ollama', openai],
    ['OLLAMA_KEEP_ALIVE', '1h', 'ollama', openai],
  ])('%s is warned of where its provider is not configured', (variable, value, provider, env) => {
    const says = new RegExp(
      `^${variable}: has no effect, because the provider ${provider} is not .* For ${provider} set `,
      'u',
    );
    expect(catalogFromEnv({ ...env, [variable]: value })).toMatchObject({ warnings: [expect.stringMatching(says)] });
    expect(problems({ [variable]: value })).toContainEqual(expect.stringMatching(says));
  });

  test('a default of a provider that is not configured is no reason for a warning', () => {
    const env = { ...openai, NVIDIA_BASE_URL: 'https://integrate.api.nvidia.com/v1', OLLAMA_NUM_CTX: '128000' };
    expect(catalogFromEnv(env)).toMatchObject({ warnings: [] });
  });

  test('an empty variable is an unset one', () => {
    expect([...catalog({ ...openai, ANTHROPIC_API_KEY: '', BIG_MODEL: ' ' }).providers.keys()]).toEqual(['openai']);
  });
});

describe('where a request goes', () => {
  const toOpenAi = { ...both, PREFERRED_PROVIDER: 'openai' };
  test.each([
    ['claude-haiku-5-5', openai, 'openai', 'gpt-4.1-mini'],
    ['Claude-OPUS-5-5', openai, 'openai', 'gpt-4.1'],
    ['claude-next', openai, 'openai', 'gpt-4.1'],
    ['sonnet', { ...openai, BIG_MODEL: 'qwen3:32b' }, 'openai', 'qwen3:32b'],
    ['sonnet', { ...toOpenAi, BIG_MODEL: 'anthropic:claude-sonnet-5-5' }, 'anthropic', 'claude-sonnet-5-5'],
    ['gpt-oss:20b', openai, 'openai', 'gpt-oss:20b'],
    ['anthropic:claude-haiku-5-5', toOpenAi, 'anthropic', 'claude-haiku-5-5'],
    ['llama3.1:8b', openai, 'openai', 'llama3.1:8b'],
    ['claude-via-openai:qwen3-haiku:32b', openai, 'openai', 'qwen3-haiku:32b'],
    ['claude-via-anthropic:claude-opus-5-5', toOpenAi, 'anthropic', 'claude-opus-5-5'],
    ['claude-via-elsewhere:m', openai, 'openai', 'gpt-4.1'],
    ['claude-opus-5-5', anthropic, 'anthropic', 'claude-opus-5-5'],
    ['claude-opus-5-5', { ...anthropic, BIG_MODEL: 'claude-sonnet-5-5' }, 'anthropic', 'claude-sonnet-5-5'],
  ])('%s with %o goes to %s as %s', (model, env, provider, upstreamModel) => {
    const resolved = route(catalog(env), { model, prefix: undefined });
    expect(resolved.requestedModel).toBe(model);
    expect(resolved.targets[0].provider.name).toBe(provider);
    expect(resolved.targets[0].model).toBe(upstreamModel);
  });

  test('the prefix of the URL overrides the body and every mapping', () => {
    const resolved = route(catalog(toOpenAi), {
      model: 'claude-haiku-5-5',
      prefix: { provider: 'openai', model: 'vendor/claude:tag' },
    });
    expect(resolved.targets[0].model).toBe('vendor/claude:tag');
    expect(resolved.targets[0].provider.name).toBe('openai');
  });

  test('an unknown provider in the URL is refused with the configured ones', () => {
    const request = { model: 'x', prefix: { provider: 'mistral', model: 'y' } };
    expect(() => route(catalog(toOpenAi), request)).toThrow(/"mistral" of the URL.*Configured: openai, anthropic\./u);
  });

  test.each([
    'anthropic:claude-haiku-5-5',
    'Anthropic:claude-haiku-5-5',
    'nvidia:foo',
    'gemini:gemini-3-pro',
    'ollama:llama3.1:8b',
    'vertex:x',
    'google:',
    'claude-via-anthropic:claude-opus-5-5',
    'OpenAI:gpt-4.1',
  ])('the model %s names a provider that is not configured, and goes to no other', (model) => {
    const asked = () => route(catalog(openai), { model, prefix: undefined });
    expect(asked).toThrow(/of the field "model" is not configured here\. Configured: openai\. Use/u);
    expect(asked).toThrow(expect.objectContaining({ code: 'provider-unknown', status: 404 }));
  });

  test('a provider without a model is refused, in the body and in the URL', () => {
    for (const prefix of [undefined, { provider: 'openai', model: '' }]) {
      const asked = () => route(catalog(openai), { model: 'openai:', prefix });
      expect(asked).toThrow(expect.objectContaining({ code: 'model-unknown', status: 404 }));
    }
  });
});

describe('Ollama', () => {
  const model = { BIG_MODEL: 'qwen3:8b', SMALL_MODEL: 'qwen3:8b' };

  test.each([
    [{ OLLAMA_API_BASE: 'http://gpu:11434/' }, 'http://gpu:11434'],
    [{ PREFERRED_PROVIDER: 'ollama' }, 'http://localhost:11434'],
    [{ PREFERRED_PROVIDER: 'ollama', OLLAMA_API_KEY: 'x' }, 'http://localhost:11434'],
  ])('is a provider by its URL or by being preferred: %j', (env, baseUrl) => {
    expect(catalog({ ...model, ...env }).preferred).toMatchObject({
      name: 'ollama',
      baseUrl,
      contextTokens: 128_000,
      keepAlive: '30m',
      onlyByName: false,
    });
  });

  test('is none by a key that other programs use, and none that an organisation did not configure', () => {
    expect(catalog({ ...openai, OLLAMA_API_KEY: 'x' }).providers.has('ollama')).toBe(false);
    expect(problems({ OLLAMA_API_KEY: 'x' }).join()).toMatch(/^No provider is configured.*OLLAMA_API_BASE=/su);
  });

  test('is there by its name for one person, and takes no part in what the others decide', () => {
    const found = catalogFromEnv(openai, 'one-person');
    if (found.kind === 'faulty') throw new Error(found.problems.join());
    expect(found).toMatchObject({ warnings: [], catalog: { preferred: { name: 'openai' } } });
    const { targets } = route(found.catalog, { model: 'haiku', prefix: { provider: 'ollama', model: 'gpt-oss:20b' } });
    expect(targets).toMatchObject([{ key: 'ollama:gpt-oss:20b', provider: { onlyByName: true } }]);
  });

  test('serves one person without any configuration, and a name without a provider is told how to name one', () => {
    const found = catalogFromEnv({}, 'one-person');
    if (found.kind === 'faulty') throw new Error(found.problems.join());
    const prefix = { provider: 'ollama', model: 'gpt-oss:20b' };
    expect(route(found.catalog, { model: 'claude-opus-5', prefix }).targets[0].model).toBe('gpt-oss:20b');
    expect(route(found.catalog, { model: 'ollama:qwen3', prefix: undefined }).targets[0].key).toBe('ollama:qwen3');
    expect(() => route(found.catalog, { model: 'claude-opus-5', prefix: undefined })).toThrow(
      'No provider is configured for the model "claude-opus-5". Add /ollama:{model} to the base URL, or configure a provider.',
    );
    expect(catalogFromEnv({ BIG_MODEL: 'qwen3' }, 'one-person')).toMatchObject({
      problems: [expect.stringMatching(/^BIG_MODEL: names no provider/u)],
    });
  });

  test.each([
    [{ OLLAMA_NUM_CTX: '100' }, /^OLLAMA_NUM_CTX: must be a whole number from 1024/u],
    [{ OLLAMA_KEEP_ALIVE: 'long' }, /^OLLAMA_KEEP_ALIVE: must be a duration/u],
    [{ OLLAMA_API_BASE: 'http://gpu:11434/api/chat' }, /^OLLAMA_API_BASE: must be the base URL/u],
    [{ OLLAMA_API_BASE: 'http://gpu:11434/v1' }, /^OLLAMA_API_BASE: must be the base URL/u],
  ])('%j is one problem', (env, message) => {
    const found = problems({ PREFERRED_PROVIDER: 'ollama', ...model, ...env });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });

  test.each([
    ['30m', '30m'],
    ['1h30m', '1h30m'],
    ['-1', -1],
    ['600', 600],
  ])('a model stays loaded for %s', (text, keepAlive) => {
    const env = { PREFERRED_PROVIDER: 'ollama', ...model, OLLAMA_KEEP_ALIVE: text };
    expect(catalog(env).preferred).toMatchObject({ keepAlive });
  });
});

function catalog(env: Record<string, string>): Catalog {
  const result = catalogFromEnv(env);
  if (result.kind === 'faulty') throw new Error(result.problems.join('\n'));
  return result.catalog;
}

function capabilities(env: Record<string, string>, model: string): ChatCapabilities {
  const of = catalog(env);
  if (of.preferred === undefined) throw new Error('no provider');
  const target = createTargets(of).of({ provider: of.preferred, model });
  if (target.dialect !== 'openai-chat') throw new Error('another dialect');
  return target.capabilities;
}

function route(of: Catalog, request: RouteRequest) {
  return resolveRoute(of, createTargets(of), request);
}

function problems(env: Record<string, string>): readonly string[] {
  const result = catalogFromEnv(env);
  return result.kind === 'faulty' ? result.problems : [];
}
