import { expect, test } from 'vitest';
import { catalogFromEnv } from './from-env.ts';
import { createProvider } from './provider.ts';
import { createTargets } from './targets.ts';

const env = {
  OPENAI_API_KEY: 'sk-test',
  OPENROUTER_API_KEY: 'sk-or-x',
  BIG_MODEL: 'gpt-4.1',
  BIG_MODEL_CONTEXT_TOKENS: '50000',
};

test('the operator counts before the list, the list before the name, each for what it says', () => {
  const parsed = catalogFromEnv(env, 'take-openai');
  if (parsed.kind === 'faulty') throw new Error(parsed.problems.join());
  const { catalog } = parsed;
  const targets = createTargets(catalog);
  const of = (name: string, model: string) => {
    const provider = catalog.providers.get(name) ?? catalog.preferred;
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
