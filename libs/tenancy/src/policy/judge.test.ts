import { describe, expect, test } from 'vitest';
import type { Allowlist, PolicyLevel } from '../principal.ts';
import { isAllowed, policyOf } from './judge.ts';
import type { Wanted } from './judge.ts';

const asName = (name: string, ...targets: readonly string[]): Wanted => ({
  kind: 'name',
  name,
  targets: targets.map((target) => [target]),
});
const asTarget = (...names: readonly string[]): Wanted => ({ kind: 'target', targets: [names] });

function judge(lists: readonly Allowlist[], wanted: Wanted): boolean {
  const levels = lists.map((list): PolicyLevel => ({ ...list, of: 'tenant' }));
  return isAllowed(policyOf(levels), wanted);
}

const sonnet = asName('claude-sonnet-4-5', 'openai:gpt-4.1');

describe('a request that asks for a name', () => {
  test.each<[what: string, list: Allowlist, wanted: Wanted, allowed: boolean]>([
    ['models that have it', { models: ['claude-sonnet-4-5'] }, sonnet, true],
    ['models that have it in other letters', { models: ['Claude-SONNET-4-5'] }, sonnet, true],
    ['models that have another', { models: ['claude-haiku-4-5'] }, sonnet, false],
    ['models with a pattern', { models: ['claude-*-4-5'] }, sonnet, true],
    ['a pattern whose ends overlap in the name', { models: ['claude-sonnet-4-5*5'] }, sonnet, false],
    ['a pattern that matches a part alone', { models: ['sonnet*'] }, sonnet, false],
    ['another character than * is no wildcard', { models: ['claude-sonnet-4.5', 'claude-sonnet-?-5'] }, sonnet, false],
    ['models that have the target, which is not what it asks for', { models: ['openai:*', 'gpt-4.1'] }, sonnet, false],
    ['any model', { models: ['*'] }, sonnet, true],
    ['targets that have its target', { targets: ['openai:gpt-4.1'] }, sonnet, true],
    ['targets that have another of the provider', { targets: ['openai:gpt-4.1-mini'] }, sonnet, false],
    ['targets that have the whole provider', { targets: ['openai:*'] }, sonnet, true],
    ['both, and both allow', { models: ['claude-*'], targets: ['openai:*'] }, sonnet, true],
    ['both, and only models allow', { models: ['claude-*'], targets: ['ollama:*'] }, sonnet, false],
    ['both, and only targets allow', { models: ['gpt-*'], targets: ['openai:*'] }, sonnet, false],
    ['any model, and targets refuse', { models: ['*'], targets: ['ollama:*'] }, sonnet, false],
    ['no models at all', { models: [] }, sonnet, false],
    ['neither list', {}, sonnet, false],
  ])('%s', (_what, list, wanted, allowed) => {
    expect(judge([list], wanted)).toBe(allowed);
  });

  test('every target that may answer must be allowed, the last fallback too', () => {
    const list = { targets: ['openai:*', 'ollama:llama3'] };
    expect(judge([list], asName('m', 'openai:a', 'ollama:llama3'))).toBe(true);
    expect(judge([list], asName('m', 'openai:a', 'ollama:llama3', 'gemini:pro'))).toBe(false);
  });
});

describe('a request that names a target itself', () => {
  const target = asTarget('openai:gpt-4.1');
  test.each<[what: string, list: Allowlist, allowed: boolean]>([
    ['targets that have it', { targets: ['openai:gpt-4.1'] }, true],
    ['targets that have another', { targets: ['ollama:*'] }, false],
    ['targets in other letters', { targets: ['OpenAI:GPT-*'] }, true],
    ['models that match its text', { models: ['openai:gpt-4.1', 'openai:*', 'gpt-4.1'] }, false],
    ['any model, by two stars', { models: ['**'] }, true],
    ['any model', { models: ['*'] }, true],
    ['any model among others', { models: ['claude-*', '*'] }, true],
    ['any model, and targets refuse', { models: ['*'], targets: ['ollama:*'] }, false],
    ['other models, and targets that have it', { models: ['claude-*'], targets: ['openai:*'] }, true],
    ['no targets at all', { models: ['*'], targets: [] }, false],
    ['neither list', {}, false],
  ])('%s', (_what, list, allowed) => {
    expect(judge([list], target)).toBe(allowed);
  });

  test('a provider with two names is found by either', () => {
    const gemini = asTarget('gemini:pro', 'google:pro');
    expect(judge([{ targets: ['google:*'] }], gemini)).toBe(true);
    expect(judge([{ targets: ['gemini:pro'] }], gemini)).toBe(true);
    expect(judge([{ targets: ['vertex:pro'] }], gemini)).toBe(false);
  });
});

describe('several levels', () => {
  test('each of them must allow it', () => {
    const [wide, narrow] = [{ models: ['claude-*'] }, { models: ['*haiku*'] }];
    expect(judge([wide, narrow], sonnet)).toBe(false);
    expect(judge([wide, narrow], asName('claude-haiku-4-5', 'openai:gpt-4.1-mini'))).toBe(true);
    expect(judge([narrow, wide], asName('my-haiku', 'openai:gpt-4.1-mini'))).toBe(false);
  });

  test('a list of names and a list of targets on two levels hold both', () => {
    const levels = [{ models: ['claude-*'] }, { targets: ['openai:*'] }];
    expect(judge(levels, sonnet)).toBe(true);
    expect(judge(levels, asTarget('openai:gpt-4.1'))).toBe(false);
  });

  test('levels that allow everything leave nothing to judge', () => {
    expect(policyOf([{ of: 'tenant', models: ['*'] }])).toEqual({ kind: 'allow-all' });
    expect(policyOf([{ of: 'tenant', targets: ['*'] }])).toEqual({ kind: 'allow-all' });
    expect(policyOf([])).toEqual({ kind: 'allow-all' });
    const narrow = { of: 'user', models: ['*'], targets: ['ollama:*'] } as const;
    expect(policyOf([{ of: 'tenant', models: ['*'], targets: ['*'] }, narrow])).toEqual({
      kind: 'restricted',
      levels: [narrow],
    });
    expect(policyOf([{ of: 'tenant' }])).toMatchObject({ kind: 'restricted' });
  });
});
