import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Allowlist } from '../principal.ts';
import { isWithin } from './grant.ts';
import { isAllowed } from './judge.ts';
import type { Wanted } from './judge.ts';
import { covers, createPattern } from './pattern.ts';

const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 5 });
const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 });

test('a wide pattern matches everything that a pattern which it covers does', () => {
  fc.assert(
    fc.property(pattern, pattern, text, (wide, narrow, name) => {
      fc.pre(covers(wide, narrow) && createPattern(narrow).matches(name));
      expect(createPattern(wide).matches(name)).toBe(true);
    }),
    { numRuns: 500 },
  );
});

describe('a list that is granted', () => {
  test.each<[own: Allowlist, granted: Allowlist | undefined, within: boolean]>([
    [{ models: ['claude-*'] }, { models: ['claude-haiku-*', 'claude-opus-4'] }, true],
    [{ models: ['claude-*'] }, { models: ['claude-haiku-*', 'gpt-4.1'] }, false],
    [{ models: ['claude-haiku-*'] }, { models: ['claude-*'] }, false],
    [{ models: ['claude-*'] }, { models: ['*'] }, false],
    [{ models: ['*'] }, { models: ['*'] }, true],
    [{ models: ['*'] }, { targets: ['openai:*'] }, true],
    [{ models: ['claude-*'] }, { models: ['claude-*'], targets: ['openai:*'] }, false],
    [{ models: ['claude-*'] }, { targets: ['openai:*'] }, false],
    [{ targets: ['openai:*'] }, { models: ['*'] }, false],
    [{ targets: ['openai:*'] }, { targets: ['openai:gpt-*'] }, true],
    [{ targets: ['openai:*'] }, { models: ['claude-*'], targets: ['openai:gpt-*'] }, true],
    [{ models: ['claude-*'], targets: ['openai:*'] }, { targets: ['openai:gpt-*'] }, false],
    [{ models: ['*'] }, undefined, true],
    [{ models: ['claude-*'] }, undefined, false],
    [{ targets: ['openai:*'] }, undefined, false],
  ])('by one with %j: %j is within it: %j', (own, granted, within) => {
    expect(isWithin(own, granted)).toBe(within);
  });

  test('never allows what the level of the one who grants it does not', () => {
    const list = fc.uniqueArray(pattern, { minLength: 1, maxLength: 2 });
    const allowlist = fc.oneof(
      fc.record({ models: list }),
      fc.record({ targets: list }),
      fc.record({ models: list, targets: list }),
    );
    const targets = fc.array(fc.tuple(text), { minLength: 1, maxLength: 2 });
    const wanted: fc.Arbitrary<Wanted> = fc.oneof(
      fc.record({ kind: fc.constant('name'), name: text, targets }),
      fc.record({ kind: fc.constant('target'), targets }),
    );
    const judged = (level: Allowlist, request: Wanted) =>
      isAllowed({ kind: 'restricted', levels: [{ ...level, of: 'user' }] }, request);
    fc.assert(
      fc.property(allowlist, allowlist, wanted, (own, granted, request) => {
        fc.pre(isWithin(own, granted) && judged(granted, request));
        expect(judged(own, request)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
