import { readFileSync } from 'node:fs';
import type { AnthropicProfile, ChatProfile } from '@ccg/catalog';
import { GatewayError } from '@ccg/kernel';
import { describe, expect, test } from 'vitest';
import { fieldProbes } from './field-probes.ts';
import type { FieldProbe } from './field-probes.ts';
import { bodyText, translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

const readme = readFileSync(new URL('../../libs/translation/README.md', import.meta.url), 'utf8');
const section = /^## What becomes of each field$.*?^\| answer of/msu.exec(readme)?.[0] ?? '';
const rows = section.split('\n').flatMap((line) => {
  const [, name = '', ...cells] = line.split('|').map((cell) => cell.trim());
  return line.startsWith('|') && !/^(?:-+|request|block|answer of)/u.test(name) ? [{ name, cells }] : [];
});

const anthropic = (anthropicProfile: AnthropicProfile): TestTarget => {
  return { dialect: 'anthropic', model: 'gpt-4.1', anthropicProfile };
};
const chat = (model: string, profile: ChatProfile): TestTarget => ({ dialect: 'openai-chat', model, profile });

const responses = (model: string, profile: ChatProfile): TestTarget => {
  return { dialect: 'openai-responses', model, profile };
};

/** Per column the targets that differ most. */
const columns: readonly (readonly TestTarget[])[] = [
  [anthropic('claude')],
  [anthropic('kimi'), anthropic('deepseek'), anthropic('ollama'), anthropic('llama-cpp')],
  [
    chat('gpt-4.1', 'openai'),
    chat('o4-mini', 'openai'),
    chat('gpt-5.4', 'openai'),
    chat('deepseek-chat', 'compatible'),
    chat('m', 'nvidia'),
    chat('vendor/model', 'openrouter'),
    chat('anthropic/claude-opus-5', 'openrouter'),
  ],
  [
    responses('gpt-4.1', 'openai'),
    responses('o4-mini', 'openai'),
    responses('gpt-5.4', 'openai'),
    responses('m', 'compatible'),
    responses('gpt-oss-120b', 'compatible'),
  ],
  [
    { dialect: 'ollama', model: 'm' },
    { dialect: 'ollama', model: 'm', maxOutputTokens: 50_000 },
    { dialect: 'ollama', model: 'm', facts: { contextTokens: 8192, images: false, thinks: false } },
  ],
  [
    { dialect: 'gemini', model: 'gemini-3-flash' },
    { dialect: 'gemini', model: 'gemini-2.5-flash', maxOutputTokens: 50_000 },
    { dialect: 'gemini', model: 'gemma-3-27b-it' },
  ],
];

type Fate = 'sent' | 'warned' | 'dropped' | 'refused';

const fateOf: Readonly<Record<string, Fate>> = {
  moved: 'sent',
  mapped: 'sent',
  warned: 'warned',
  dropped: 'dropped',
  refused: 'refused',
};

test('every row has its probes, and every probe its row', () => {
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.map(({ name }) => name)).toEqual([...new Set(fieldProbes.map(({ row }) => row))]);
});

describe.each(rows)('$name', ({ name, cells }) => {
  const probes = fieldProbes.filter(({ row }) => row === name);

  test.each(
    ['anthropic', 'anthropic-compatible', 'openai-chat', 'openai-responses', 'ollama', 'gemini'].map(
      (column, index) => ({
        column,
        index,
      }),
    ),
  )('becomes at $column what its cell says', ({ index }) => {
    const words = cells[index]?.match(/\b(?:moved|mapped|warned|dropped|refused)\b/gu) ?? [];
    const told = new Set(words.map((word) => fateOf[word]));
    const seen = new Set(probes.flatMap((probe) => (columns[index] ?? []).map((target) => fate(probe, target))));
    expect(seen).toEqual(told);
  });
});

/** What becomes of the field that a probe has and its counterpart has not. */
function fate(probe: FieldProbe, target: TestTarget): Fate {
  const without = translate(JSON.stringify(probe.without), target);
  try {
    const translation = translate(JSON.stringify(probe.with), target);
    if (translation.request.warnings.length > without.request.warnings.length) return 'warned';
    return bodyText(translation) === bodyText(without) ? 'dropped' : 'sent';
  } catch (thrown) {
    if (thrown instanceof GatewayError && thrown.code === 'request-invalid') return 'refused';
    throw thrown;
  }
}
