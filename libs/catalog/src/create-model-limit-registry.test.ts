import { expect, test } from 'vitest';
import { createModelLimitRegistry } from './create-model-limit-registry.ts';
import { catalogFromEnv, catalogSchema } from './from-env.ts';

const env = {
  OPENAI_API_KEY: 'sk-test',
  OPENROUTER_API_KEY: 'sk-or-x',
  BIG_MODEL: 'gpt-4.1',
  BIG_MODEL_CONTEXT_TOKENS: '50000',
};

test('the operator counts before the list, the list before the name, each for what it says', () => {
  const parsed = catalogFromEnv(catalogSchema.parse(env));
  if (parsed.kind === 'faulty') throw new Error(parsed.problems.join());
  const { catalog } = parsed;
  const book = createModelLimitRegistry(catalog);
  const of = (name: string, model: string) => {
    const provider = catalog.providers.get(name) ?? catalog.preferred;
    const { contextTokens, outputTokens } = book.of({ provider, model });
    return [contextTokens, outputTokens];
  };
  expect(of('openai', 'gpt-4.1')).toEqual([50_000, 32_768]);
  expect(of('openrouter', 'gpt-4.1')).toEqual([1_047_576, 32_768]);
  book.learn('openrouter', new Map([['gpt-4.1', { contextTokens: 8000, outputTokens: undefined }]]));
  book.learn('openai', new Map([['gpt-4.1', { contextTokens: 9000, outputTokens: 100 }]]));
  expect(of('openrouter', 'gpt-4.1')).toEqual([8000, 32_768]);
  expect(of('openai', 'gpt-4.1')).toEqual([50_000, 100]);
  book.learn('openai', new Map());
  expect(of('openai', 'gpt-4.1')).toEqual([50_000, 32_768]);
  expect(of('openai', 'nobody-knows')).toEqual([undefined, undefined]);
});
