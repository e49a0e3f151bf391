import { describe, expect, test } from 'vitest';

import { containerWarnings } from './container.ts';
import { readCatalog } from './read-catalog.ts';

function warningsOf(env: Readonly<Record<string, string>>): readonly string[] {
  const read = readCatalog({ BIG_MODEL: 'b', SMALL_MODEL: 's', ...env }, 'one-person');
  if (read.kind === 'faulty') throw new Error(read.problems.join('\n'));
  return containerWarnings({ host: env['HOST'] ?? '0.0.0.0', catalog: read.catalog });
}

describe('containerWarnings', () => {
  test('name what reaches only the container itself, and what to write instead', () => {
    const local = { OLLAMA_API_BASE: 'http://localhost:11434', OPENAI_BASE_URL: 'http://[::1]:8000/v1' };
    expect(warningsOf({ ...local, NVIDIA_API_KEY: 'nvapi-x', HOST: '127.0.0.1' })).toEqual([
      expect.stringMatching(/^HOST is 127\.0\.0\.1, .* Leave HOST out/u),
      expect.stringMatching(/^The provider openai is at http:\/\/\[::1\]:8000\/v1, .* write host\.docker\.internal/u),
      expect.stringMatching(/^The provider ollama is at http:\/\/localhost:11434, /u),
    ]);
  });

  test('are none where others are reached, and for the Ollama that nobody configured', () => {
    expect(warningsOf({ OPENAI_BASE_URL: 'http://host.docker.internal:8000/v1' })).toEqual([]);
  });
});
