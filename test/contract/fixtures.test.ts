import { describe, expect, test } from 'vitest';
import { fixtureCases } from './fixture-cases.ts';
import { fixtureKinds } from './fixture-outputs.ts';

const dialects = ['openai-chat', 'openai-responses', 'anthropic', 'ollama', 'gemini'] as const;

// A changed golden is written by `vitest -u`, and read in review like code.
describe.each(dialects)('the fixtures of %s', (dialect) => {
  const cases = fixtureCases(dialect);

  describe.each(fixtureKinds)('$kind', ({ input, output, make }) => {
    const withInput = cases.flatMap((fixture) => {
      const text = fixture.read(input);
      return text === undefined ? [] : [{ name: fixture.name, fixture, text }];
    });

    test.each(withInput)('$name', async ({ fixture, text }) => {
      await expect(make(fixture, text)).toMatchFileSnapshot(fixture.path(output));
    });
  });
});
