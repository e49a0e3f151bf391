import { expect, test } from 'vitest';
import { catalogFromEnv } from './from-env.ts';
import { findModel, listModels } from './list-models.ts';
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

test('finds whatever chooses a configured provider, and nothing else', () => {
  const only = catalog(openai);
  const find = (id: string) => findModel(only, createTargets(only), id);
  expect(find('claude-via-openai:gpt-4.1')).toMatchObject({
    contextTokens: 1_047_576,
    outputTokens: 32_768,
  });
  expect(find('openai:a/b:c')).toMatchObject({ id: 'openai:a/b:c', displayName: 'a/b:c (openai)' });
  for (const id of ['gpt-4.1', 'openai:', 'nobody:m', 'claude-via-', '']) expect(find(id)).toBeUndefined();
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
  const result = catalogFromEnv(env);
  if (result.kind === 'faulty') throw new Error(result.problems.join('\n'));
  return result.catalog;
}
