import { beforeAll, describe, expect, test } from 'vitest';

import { estimatorFor, reportedPrompts, promptOf } from '../test/prompts.ts';
import { createCalibration } from './calibration.ts';
import type { Calibration } from './calibration.ts';
import { createProvider, createTarget } from '@ccg/catalog';
import type { Target } from '@ccg/catalog';
import { noTokens } from './token-count.ts';
import type { TokenCount } from './token-count.ts';
import { loadTokenizer } from './tokenizer.ts';

const server = { baseUrl: 'http://127.0.0.1:9', credential: undefined };

function target(model: string, name = 'local'): Target {
  const settings = { ...server, name, dialect: 'openai-chat', profile: 'compatible' } as const;
  return createTarget({ provider: createProvider(settings), model });
}

const words = (count: number): TokenCount => ({ ...noTokens, words: count });

function observeOften(calibration: Calibration, at: Target, count: TokenCount, reported: number): void {
  for (let round = 0; round < 60; round += 1) calibration.observe(at, count, reported);
}

describe('before anything was observed', () => {
  test('a family begins with what is known of it, whatever stands before its name', () => {
    const calibration = createCalibration({ maxModels: 10 });
    const of = (model: string) => calibration.tokens(target(model), { ...words(1000), digits: 1000 });
    expect(of('gpt-4.1')).toBe(1050);
    expect(of('openai/gpt-oss:20b')).toBe(of('gpt-4.1'));
    expect(of('qwen3:8b')).toBeGreaterThan(2000);
    expect(of('claude-opus-5-5')).toBeGreaterThan(of('claude-3-5-haiku-latest'));
    expect(of('nobody-knows-it')).toBeGreaterThan(of('gpt-4.1'));
  });
});

describe('what was observed', () => {
  test('a tokenizer that is always off by the same factor is known exactly', () => {
    const calibration = createCalibration({ maxModels: 10 });
    observeOften(calibration, target('m'), words(1000), 1300);
    const estimate = calibration.tokens(target('m'), words(2000));
    expect(Math.abs(estimate / 2600 - 1)).toBeLessThan(0.02);
  });

  test('belongs to one model of one provider', () => {
    const calibration = createCalibration({ maxModels: 10 });
    const before = calibration.tokens(target('m', 'other'), words(1000));
    observeOften(calibration, target('m'), words(1000), 1900);
    expect(calibration.tokens(target('m', 'other'), words(1000))).toBe(before);
    expect(calibration.tokens(target('n'), words(1000))).toBe(before);
  });

  test('is forgotten for the model that was used longest ago', () => {
    const calibration = createCalibration({ maxModels: 2 });
    const before = calibration.tokens(target('a'), words(1000));
    for (const model of ['a', 'b', 'c']) observeOften(calibration, target(model), words(1000), 1900);
    expect(calibration.tokens(target('a'), words(1000))).toBe(before);
    expect(calibration.tokens(target('b'), words(1000))).toBeGreaterThan(1800);
  });

  test.each([0, 1, 100, 100_000, Number.NaN])('%d tokens for a prompt of 1,000 words say nothing', (reported) => {
    const calibration = createCalibration({ maxModels: 2 });
    const before = calibration.tokens(target('m'), words(1000));
    observeOften(calibration, target('m'), words(1000), reported);
    expect(calibration.tokens(target('m'), words(1000))).toBe(before);
  });

  test('reasoning counts where it is sent', () => {
    const calibration = createCalibration({ maxModels: 2 });
    const count = { ...words(1000), thinking: 500 };
    expect(calibration.tokens(target('gpt-4.1'), count)).toBe(1050);
    const anthropic = createProvider({ ...server, name: 'a', dialect: 'anthropic' });
    const claude = createTarget({ provider: anthropic, model: 'gpt-4.1' });
    expect(calibration.tokens(claude, count)).toBe(1575);
    // What DeepSeek thought goes back to it.
    const without = calibration.tokens(target('deepseek-v3.1'), words(1000));
    expect(calibration.tokens(target('deepseek-v3.1'), count)).toBeGreaterThan(1.4 * without);
  });
});

describe('against what a real server reported', () => {
  const prompts = reportedPrompts();
  const counts = new Map<string, TokenCount>();
  beforeAll(async () => {
    const estimator = estimatorFor({ countTokens: await loadTokenizer() });
    for (const { name, body } of prompts) counts.set(name, await estimator.count(promptOf(body)));
  });
  const countOf = (name: string): TokenCount => counts.get(name) ?? noTokens;

  /** How far off the estimate of each prompt is, once all others have been observed `rounds` times. */
  function errors(rounds: number, from: number): number[] {
    const rotated = [...prompts.slice(from), ...prompts.slice(0, from)];
    return prompts.map(({ name, promptTokens }) => {
      const calibration = createCalibration({ maxModels: 1 });
      for (let round = 0; round < rounds; round += 1) {
        for (const other of rotated) {
          if (other.name !== name) calibration.observe(target('smollm2'), countOf(other.name), other.promptTokens);
        }
      }
      return calibration.tokens(target('smollm2'), countOf(name)) / promptTokens - 1;
    });
  }

  test('there are 20 prompts, of 30 to 6,000 tokens', () => {
    expect(prompts).toHaveLength(20);
    const sizes = prompts.map(({ promptTokens }) => promptTokens);
    expect([Math.min(...sizes), Math.max(...sizes)]).toEqual([30, 6006]);
  });

  test.each([0, 5, 10, 15])(
    'calibrated on the others, from the %dth on: mostly within a tenth, never a twentieth low',
    (from) => {
      const sorted = errors(10, from).toSorted((a, b) => a - b);
      const sizes = sorted.map(Math.abs).toSorted((a, b) => a - b);
      expect(sizes[sizes.length / 2]).toBeLessThanOrEqual(0.1);
      expect(sorted[0]).toBeGreaterThan(-0.05);
      expect(sorted.at(-1)).toBeLessThan(0.25);
    },
  );
});
