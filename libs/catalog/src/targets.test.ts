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
