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
