import { expect, test } from 'vitest';
import { catalogFromEnv } from './from-env.ts';
import { readModelFacts } from './capabilities/ollama-capabilities.ts';
import { createProvider } from './provider.ts';
import { createTargets } from './targets.ts';

const env = {
  OPENAI_API_KEY: 'sk-test',
  OPENROUTER_API_KEY: 'sk-or-x',
  BIG_MODEL: 'gpt-4.1',
  BIG_MODEL_CONTEXT_TOKENS: '50000',
};

test('the operator counts before the list, the list before the name, each for what it says', () => {
  const parsed = catalogFromEnv(env, 'one-person');
  if (parsed.kind === 'faulty') throw new Error(parsed.problems.join());
  const { catalog } = parsed;
  const targets = createTargets(catalog);
  const of = (name: string, model: string) => {
    const provider = catalog.providers.get(name) ?? catalog.preferred;
    if (provider === undefined) throw new Error('no provider');
    const { contextTokens, outputTokens } = targets.of({ provider, model }).limits;
    return [contextTokens, outputTokens];
  };
  expect(of('openai', 'gpt-4.1')).toEqual([50_000, 32_768]);
  expect(of('openrouter', 'gpt-4.1')).toEqual([1_047_576, 32_768]);
  targets.learn('openrouter', new Map([['gpt-4.1', { contextTokens: 8000, outputTokens: undefined }]]));
  targets.learn('openai', new Map([['gpt-4.1', { contextTokens: 9000, outputTokens: 100 }]]));
  expect(of('openrouter', 'gpt-4.1')).toEqual([8000, 32_768]);
  expect(of('openai', 'gpt-4.1')).toEqual([50_000, 100]);
  targets.learn('openai', new Map());
  expect(of('openai', 'gpt-4.1')).toEqual([50_000, 32_768]);
  expect(of('openai', 'nobody-knows')).toEqual([undefined, undefined]);
});

const official = { OPENAI_API_KEY: 'sk-test' };
const elsewhere = { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' };

test.each([
  [official, 'gpt-5.2', 'openai-responses'],
  [official, 'gpt-6-sol', 'openai-responses'],
  [official, 'o4-mini', 'openai-responses'],
  [{ ...official, OPENAI_BASE_URL: 'https://eu.api.openai.com/v1' }, 'gpt-5.2', 'openai-responses'],
  [{ ...official, OPENAI_BASE_URL: 'https://api.openai.com.evil.test/v1' }, 'gpt-5.2', 'openai-chat'],
  [official, 'gpt-4.1', 'openai-chat'],
  [official, 'gpt-5-chat-latest', 'openai-chat'],
  [elsewhere, 'gpt-5.2', 'openai-chat'],
  [{ ...official, OPENAI_DIALECT: 'openai-chat' }, 'gpt-5.2', 'openai-chat'],
  [{ ...official, OPENAI_DIALECT: 'openai-responses' }, 'gpt-4.1', 'openai-responses'],
  [{ ...elsewhere, OPENAI_DIALECT: 'openai-responses' }, 'm', 'openai-responses'],
])('with %j the model %s is asked by %s', (openAi, model, dialect) => {
  const parsed = catalogFromEnv({ BIG_MODEL: 'a', SMALL_MODEL: 'b', ...openAi });
  if (parsed.kind === 'faulty') throw new Error(parsed.problems.join());
  const provider = parsed.catalog.providers.get('openai');
  if (provider === undefined) throw new Error('no provider');
  const target = createTargets(parsed.catalog).of({ provider, model });
  expect(target.dialect).toBe(dialect);
  expect(target.endpoint.form.paths.messages).toBe(dialect === 'openai-chat' ? '/chat/completions' : '/responses');
});

test.each([
  ['gpt-5.1', ['none', 'low', 'medium', 'high']],
  ['gpt-5.6', ['none', 'low', 'medium', 'high', 'xhigh', 'max']],
  ['gpt-6', ['low', 'medium', 'high', 'xhigh', 'max']],
  ['gpt-5.6-codex', ['low', 'medium', 'high']],
  ['gpt-4.1', []],
])('on the Responses API %s thinks at %j', (model, levels) => {
  const settings = { name: 'openai', baseUrl: 'https://api.openai.com/v1', credential: undefined };
  const provider = createProvider({ ...settings, dialect: 'openai-responses', profile: 'openai' });
  const target = createTargets().of({ provider, model });
  expect(target.capabilities).toMatchObject({ levels, encryptedReasoning: levels.length > 0 });
});

test('a target is built once, and again when its provider lists other limits', () => {
  const provider = createProvider({
    name: 'a',
    dialect: 'anthropic',
    baseUrl: 'http://127.0.0.1:9',
    credential: undefined,
  });
  const targets = createTargets();
  const first = targets.of({ provider, model: 'm:1' });
  expect(first.key).toBe('a:m:1');
  expect(targets.of({ provider, model: 'm:1' })).toBe(first);
  targets.learn('b', new Map());
  expect(targets.of({ provider, model: 'm:1' })).toBe(first);
  targets.learn('a', new Map([['m:1', { contextTokens: 8000, outputTokens: undefined }]]));
  expect(targets.of({ provider, model: 'm:1' }).limits.contextTokens).toBe(8000);
});

test('names of models without end do not fill the memory', () => {
  const provider = createProvider({
    name: 'a',
    dialect: 'anthropic',
    baseUrl: 'http://127.0.0.1:9',
    credential: undefined,
  });
  const targets = createTargets();
  const first = targets.of({ provider, model: '0' });
  for (let model = 1; model <= 1000; model += 1) targets.of({ provider, model: String(model) });
  expect(targets.of({ provider, model: '0' })).not.toBe(first);
  const long = 'm'.repeat(201);
  expect(targets.of({ provider, model: long })).not.toBe(targets.of({ provider, model: long }));
});

const ollama = createProvider({
  dialect: 'ollama',
  name: 'ollama',
  baseUrl: 'http://127.0.0.1:11434',
  credential: undefined,
  contextTokens: 128_000,
  keepAlive: '30m',
});

test.each([
  ['unknown', undefined, undefined, 128_000],
  ['longer than what is configured', 262_144, undefined, 128_000],
  ['shorter', 32_768, undefined, 32_768],
  ['shorter than what the operator says of it', 32_768, 64_000, 32_768],
  ['longer than what the operator says of it', 131_072, 64_000, 64_000],
])("the window that Ollama is asked for where a model's own is %s", (_what, contextTokens, stated, sent) => {
  const reference = { provider: ollama, model: 'm' };
  const targets = createTargets({ windows: new Map(stated === undefined ? [] : [['ollama:m', stated]]) });
  targets.learnModel(reference, { contextTokens, images: undefined, thinks: undefined });
  for (const target of [targets.of(reference), (targets.learn('ollama', new Map()), targets.of(reference))]) {
    expect(target).toMatchObject({ limits: { contextTokens: sent }, capabilities: { contextTokens: sent } });
  }
});

test('what Ollama tells of a model is read, whatever its architecture, and nothing else is', () => {
  const told = { model_info: { 'general.architecture': 'gptoss', 'gptoss.context_length': 131_072 } };
  expect(readModelFacts({ ...told, capabilities: ['completion', 'thinking'] })).toEqual({
    contextTokens: 131_072,
    images: false,
    thinks: true,
  });
  expect(readModelFacts(told)).toEqual({ contextTokens: 131_072, images: undefined, thinks: undefined });
  expect(readModelFacts({ error: 'no' })).toBeUndefined();
});

test.each([
  ['openai', 'gpt-4.1[1m]', 'gpt-4.1'],
  ['openai', 'gpt-4.1[1M]', 'gpt-4.1'],
  ['openai', '[1m]', '[1m]'],
  ['anthropic', 'claude-opus-5-5[1m]', 'claude-opus-5-5[1m]'],
])('the suffix for a long window reaches Anthropic alone: at %s %s is asked as %s', (name, model, sent) => {
  const parsed = catalogFromEnv({ ...official, ANTHROPIC_API_KEY: 'sk-ant-x', PREFERRED_PROVIDER: 'openai' });
  if (parsed.kind === 'faulty') throw new Error(parsed.problems.join());
  const provider = parsed.catalog.providers.get(name);
  if (provider === undefined) throw new Error('no provider');
  const targets = createTargets(parsed.catalog);
  const target = targets.of({ provider, model });
  expect(target.model).toBe(sent);
  expect(target.limits).toEqual(targets.of({ provider, model: sent }).limits);
});
