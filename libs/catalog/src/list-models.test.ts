import { expect, test } from 'vitest';
import { catalogFromEnv } from './from-env.ts';
import { configuredModels, findModel, listModels } from './list-models.ts';
import { modelLimits } from './model-limits.ts';
import { resolveRoute } from './resolve-route.ts';
import { createTargets } from './targets.ts';
import type { Catalog } from './build-catalog.ts';

const openai = { OPENAI_API_KEY: 'sk-test' };

test('lists each configured model once, under an id that discovery keeps and that means exactly it', () => {
  const both = catalog({ ...openai, BIG_MODEL: 'openai/gpt-4.1', SMALL_MODEL: 'gpt-haiku-like' });
  const ids = listModels(both, createTargets(both)).map(({ id }) => id);
  expect(ids).toEqual(['claude-via-openai:openai/gpt-4.1', 'claude-via-openai:gpt-haiku-like']);
  const resolved = ids.map(
    (model) => resolveRoute(both, createTargets(both), { model, prefix: undefined }).targets[0].model,
  );
  expect(resolved).toEqual(['openai/gpt-4.1', 'gpt-haiku-like']);
  const one = catalog({ ...openai, BIG_MODEL: 'm', SMALL_MODEL: 'm' });
  expect(listModels(one, createTargets(one))).toHaveLength(1);
});

test('the configured models are those that providers are asked for, each once', () => {
  expect(configuredModels(catalog({ ...openai, BIG_MODEL: 'm', SMALL_MODEL: 'n' }))).toEqual(['m', 'n']);
  expect(configuredModels(catalog({ ...openai, BIG_MODEL: 'm', SMALL_MODEL: 'm' }))).toEqual(['m']);
  // Claude's own names pass, and what else clients ask for is their choice.
  expect(configuredModels(catalog({ ANTHROPIC_API_KEY: 'sk-ant-test' }))).toEqual([]);
});

test('finds whatever chooses a configured provider, Claude names and the configured models, and nothing else', () => {
  const only = catalog(openai);
  const find = (id: string) => findModel(only, createTargets(only), id);
  expect(find('claude-via-openai:gpt-4.1')).toMatchObject({
    contextTokens: 1_047_576,
    outputTokens: 32_768,
  });
  expect(find('openai:a/b:c')).toMatchObject({ id: 'openai:a/b:c', displayName: 'a/b:c (openai)' });
  expect(find('claude-sonnet-5-5')).toMatchObject({ id: 'claude-sonnet-5-5', displayName: 'gpt-4.1 (openai)' });
  expect(find('haiku')).toMatchObject({ displayName: 'gpt-4.1-mini (openai)', contextTokens: 1_047_576 });
  expect(find('gpt-4.1')).toMatchObject({ displayName: 'gpt-4.1 (openai)' });
  for (const id of ['nobody', 'openai:', 'anthropic:claude-opus-5-5', 'nobody:m', '']) expect(find(id)).toBeUndefined();
});

test('finds what the preferred provider lists, once it has', () => {
  const only = catalog(openai);
  const targets = createTargets(only);
  expect(findModel(only, targets, 'acme-1')).toBeUndefined();
  targets.learn('openai', new Map([['acme-1', { contextTokens: 8000, outputTokens: undefined }]]));
  expect(findModel(only, targets, 'acme-1')).toMatchObject({ id: 'acme-1', contextTokens: 8000 });
});

test('where Claude names pass, they are found as they are', () => {
  const claude = catalog({ ANTHROPIC_API_KEY: 'sk-ant-test' });
  expect(findModel(claude, createTargets(claude), 'claude-sonnet-5-5')).toMatchObject({
    displayName: 'claude-sonnet-5-5 (anthropic)',
    contextTokens: 1_000_000,
  });
});

test.each([
  ['gpt-5-mini', 400_000],
  ['gpt-5.4-mini', 400_000],
  ['gpt-5.4', 1_050_000],
  ['gpt-5-chat-latest', 128_000],
  ['vendor/gpt-4o-2024-11-20', 128_000],
  ['o4-mini', 200_000],
  ['claude-sonnet-5-5', 1_000_000],
  ['nobody-knows', undefined],
])('the window of %s is %s', (model, contextTokens) => {
  expect(modelLimits(model).contextTokens).toBe(contextTokens);
});

function catalog(env: Record<string, string>): Catalog {
  const result = catalogFromEnv(env, 'one-person');
  if (result.kind === 'faulty') throw new Error(result.problems.join('\n'));
  return result.catalog;
}
