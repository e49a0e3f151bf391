import { describe, expect, test } from 'vitest';
import { claudeSettings } from './claude-settings.ts';
import type { Wish } from './claude-settings.ts';

const wish: Wish = {
  baseUrl: 'http://gateway',
  credential: { kind: 'token', text: 'secret' },
  model: undefined,
  smallModel: undefined,
  askedModel: 'claude-opus-5-5',
  window: undefined,
};

describe('the settings of Claude Code', () => {
  test('carry one credential: the others would be sent, too', () => {
    expect(claudeSettings(wish)).toEqual({
      env: { ANTHROPIC_BASE_URL: 'http://gateway', ANTHROPIC_AUTH_TOKEN: 'secret' },
      apiKeyHelper: undefined,
      removedEnv: ['ANTHROPIC_API_KEY'],
    });
    expect(claudeSettings({ ...wish, credential: { kind: 'helper', command: 'cat x' } })).toEqual({
      env: { ANTHROPIC_BASE_URL: 'http://gateway' },
      apiKeyHelper: 'cat x',
      removedEnv: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'],
    });
  });

  test('name another model for everything that Claude Code asks for by itself', () => {
    const { env } = claudeSettings({
      ...wish,
      model: 'openai:gpt-4.1',
      askedModel: 'openai:gpt-4.1',
      smallModel: 'small',
    });
    expect(env).toMatchObject({
      ANTHROPIC_MODEL: 'openai:gpt-4.1',
      ANTHROPIC_DEFAULT_OPUS_MODEL: 'openai:gpt-4.1',
      ANTHROPIC_DEFAULT_SONNET_MODEL: 'openai:gpt-4.1',
      ANTHROPIC_DEFAULT_FABLE_MODEL: 'openai:gpt-4.1',
      ANTHROPIC_DEFAULT_HAIKU_MODEL: 'small',
    });
  });

  test('leave the aliases alone where the model is one of Claude', () => {
    const { env } = claudeSettings({ ...wish, model: 'claude-sonnet-5-5', askedModel: 'claude-sonnet-5-5' });
    expect(Object.keys(env)).toEqual(['ANTHROPIC_BASE_URL', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_MODEL']);
  });

  test.each([
    ['claude-via-openai:gpt-4.1', 131_072, { CLAUDE_CODE_MAX_CONTEXT_TOKENS: '131072' }],
    ['gpt-oss:20b', 32_768, { CLAUDE_CODE_MAX_CONTEXT_TOKENS: '32768' }],
    ['claude-opus-5-5', 131_072, { CLAUDE_CODE_AUTO_COMPACT_WINDOW: '131072' }],
    ['opus', 50_000, { CLAUDE_CODE_AUTO_COMPACT_WINDOW: '100000', CLAUDE_AUTOCOMPACT_PCT_OVERRIDE: '40' }],
    ['claude-opus-5-5', 1_000_000, {}],
  ])(
    'say the window of %s, %i tokens, in the variable that Claude Code reads for that name',
    (name, window, expected) => {
      const { env, removedEnv } = claudeSettings({ ...wish, askedModel: name, window });
      const { ANTHROPIC_BASE_URL: _url, ANTHROPIC_AUTH_TOKEN: _token, ...rest } = env;
      expect(rest).toEqual(expected);
      const all = [
        'CLAUDE_CODE_MAX_CONTEXT_TOKENS',
        'CLAUDE_CODE_AUTO_COMPACT_WINDOW',
        'CLAUDE_AUTOCOMPACT_PCT_OVERRIDE',
      ];
      expect(removedEnv).toEqual(['ANTHROPIC_API_KEY', ...all.filter((variable) => !(variable in expected))]);
    },
  );
});
