import { expect, test } from 'vitest';
import { readModelList } from './model-limits.ts';

test.each([
  [
    'OpenRouter',
    { id: 'm', context_length: 1_000_000, top_provider: { context_length: 200_000, max_completion_tokens: 64_000 } },
    [200_000, 64_000],
  ],
  [
    'OpenRouter, where the provider says nothing',
    { id: 'm', context_length: 32_768, top_provider: { context_length: null, max_completion_tokens: null } },
    [32_768, undefined],
  ],
  ['vLLM', { id: 'm', object: 'model', max_model_len: 16_384 }, [16_384, undefined]],
  ['llama.cpp', { id: 'm', meta: { n_ctx: 2048, n_ctx_train: 8192 } }, [2048, undefined]],
  ['Anthropic', { id: 'm', type: 'model', max_input_tokens: 200_000, max_tokens: 64_000 }, [200_000, 64_000]],
  ['Groq', { id: 'm', context_window: 131_072, max_completion_tokens: 32_768 }, [131_072, 32_768]],
])('the limits in the list of %s', (_name, entry, limits) => {
  const found = readModelList({ object: 'list', data: [entry] })?.get('m');
  expect([found?.contextTokens, found?.outputTokens]).toEqual(limits);
});

test.each([undefined, null, 'list', [], { data: 'none' }, { error: 'no' }])('%j is no list', (list) => {
  expect(readModelList(list)).toBeUndefined();
});

test('a model of whose limits nothing is said is listed without them, and what is no model is not', () => {
  const named = [
    { id: 'm', object: 'model' },
    { id: 'n', max_model_len: -1 },
    { id: 'o', max_model_len: '8192' },
  ];
  const data = [null, 5, { id: 5, max_model_len: 1 }, { max_model_len: 1 }, ...named];
  const unknown = { contextTokens: undefined, outputTokens: undefined };
  expect([...(readModelList({ data }) ?? [])]).toEqual(['m', 'n', 'o'].map((id) => [id, unknown]));
});

test('a list without end is cut', () => {
  const data = Array.from({ length: 6000 }, (_, index) => ({ id: String(index), max_model_len: 1 }));
  expect(readModelList({ data })?.size).toBe(5000);
});
