import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { parseConfig } from '@ccg/gateway';
import { describe, expect, test } from 'vitest';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const blocks = [
  ...readme.matchAll(/^\*\*(?<title>[^*]+)\*\*[^\n]*(?:\n(?!```)[^\n]+)*\n\n```dotenv\n(?<text>.*?)^```/gmsu),
];

/** What `npm start` adds to a `.env`. */
const added = { KEY_PEPPER: 'p'.repeat(32), REDIS_URL: 'redis://127.0.0.1:6379' };

describe('a block of the README that is pasted into .env', () => {
  test('is there for every provider', () => {
    expect(blocks.length).toBe([...readme.matchAll(/^```dotenv$/gmu)].length);
    expect(blocks.map(({ groups }) => groups?.['title'])).toEqual(
      expect.arrayContaining(['Anthropic', 'OpenAI', 'NVIDIA NIM', 'OpenRouter', 'Gemini', 'Ollama']),
    );
  });

  test.each(blocks.map(({ groups }) => ({ title: groups?.['title'] ?? '', text: groups?.['text'] ?? '' })))(
    'is all that $title needs',
    ({ text }) => {
      // A placeholder is refused, so that nobody starts with one.
      const env = parseEnv(text.replaceAll(/\.{3}$/gmu, 'x'));
      for (const audience of ['one-person', 'organisation'] as const) {
        const parsed = parseConfig({ ...env, ...added }, audience);
        expect(parsed).toMatchObject({ kind: 'valid', warnings: [] });
        // Claude's names go somewhere without another word.
        expect(parsed.kind === 'valid' && parsed.config.catalog.preferred).toBeTruthy();
      }
    },
  );
});

const haveModels = { BIG_MODEL: 'vendor/big', SMALL_MODEL: 'vendor/small' };

describe('the .env of a proxy for one person, as its users have it', () => {
  test.each([
    { backend: 'NVIDIA NIM', preferred: 'openai', env: { OPENAI_BASE_URL: 'https://integrate.api.nvidia.com/v1' } },
    { backend: 'OpenRouter', preferred: 'openai', env: { OPENAI_BASE_URL: 'https://openrouter.ai/api/v1' } },
    { backend: 'OpenAI', preferred: 'openai', env: { OPENAI_BASE_URL: 'https://api.openai.com/v1' } },
    {
      backend: 'Ollama',
      preferred: 'ollama',
      env: { OLLAMA_API_BASE: 'http://localhost:11434', OLLAMA_NUM_CTX: '128000' },
    },
    { backend: 'Gemini', preferred: 'google', env: { GEMINI_API_KEY: 'AIza-x' } },
    { backend: 'Anthropic', preferred: 'anthropic', env: { ANTHROPIC_API_KEY: 'sk-ant-x' } },
  ])('goes on working for $backend', ({ preferred, env }) => {
    const models = preferred === 'anthropic' ? {} : haveModels;
    const shared = { NVIDIA_REASONING_BUDGET: '16384', NVIDIA_ENABLE_THINKING: 'true', MAX_OUTPUT_TOKENS: '0' };
    const credential = preferred === 'openai' ? { OPENAI_API_KEY: 'sk-x' } : {};
    const parsed = parseConfig(
      { PREFERRED_PROVIDER: preferred, ...models, ...shared, ...credential, ...env, ...added },
      'one-person',
    );
    expect(parsed).toMatchObject({ kind: 'valid', warnings: [] });
  });
});
