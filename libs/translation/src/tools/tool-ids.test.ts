import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createToolIds, isGeminiId, outwardGeminiId, outwardToolId, usedToolIds } from './tool-ids.ts';

describe('the id of a call', () => {
  test('that Anthropic would take reaches the client as it is', () => {
    expect(outwardToolId('call_9-a')).toBe('call_9-a');
  });

  test('of any other form is encoded, so that the session can go on at Anthropic', () => {
    expect(outwardToolId('functions.Bash:0')).toBe('toolu_xZnVuY3Rpb25zLkJhc2g6MA');
    expect(outwardToolId('toolu_x1')).not.toBe('toolu_x1');
    expect(outwardToolId('toolu_g1')).not.toBe('toolu_g1');
  });

  test('comes back to the backend as the backend wrote it', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), fc.constantFrom('toolu_xQQ', 'toolu_g')),
        (id) => {
          const client = outwardToolId(id) ?? '';
          expect(client).toMatch(/^[A-Za-z0-9_-]+$/u);
          expect(createToolIds('any').inward(client)).toBe(id);
        },
      ),
    );
  });

  test('that Gemini made is known as such, and comes back to every backend as Gemini wrote it', () => {
    const client = outwardGeminiId('o8s3ixf2') ?? '';
    const foreign = ['functions.Bash:1', 'toolu_01A', 'call_r6', 'toolu_g1', 'toolu_y'];
    expect(isGeminiId(client)).toBe(true);
    expect(foreign.filter(isGeminiId)).toEqual([]);
    expect(isGeminiId(outwardToolId(client) ?? '')).toBe(false);
    expect(createToolIds('at-most-64').inward(client)).toBe('o8s3ixf2');
  });

  test.each([outwardToolId, outwardGeminiId])('that is empty or endless is none: %o', (outward) => {
    expect(outward('')).toBeUndefined();
    expect(outward('a'.repeat(257))).toBeUndefined();
  });

  test('that only looks encoded is left alone', () => {
    const { inward } = createToolIds('any');
    expect(['toolu_x', 'toolu_x_', 'toolu_xQR', 'toolu_x.'].map(inward)).toEqual([
      'toolu_x',
      'toolu_x_',
      'toolu_xQR',
      'toolu_x.',
    ]);
  });
});

test.each([
  ['at-most-64', 'a'.repeat(65), /^[A-Za-z0-9]{24}$/u],
  ['nine-letters', 'call_1', /^[A-Za-z0-9]{9}$/u],
] as const)('under the rule %s another id becomes one that the backend takes, the same each time', (rule, id, form) => {
  const ids = createToolIds(rule);
  expect(ids.inward(id)).toMatch(form);
  expect(ids.inward(id)).toBe(createToolIds(rule).inward(id));
  expect(ids.inward('abcDEF123')).toBe('abcDEF123');
});

test('two ids of a history never become one', () => {
  const { inward } = createToolIds('nine-letters');
  const shortened = inward('call_1');
  expect(inward(shortened)).not.toBe(shortened);
  expect(inward('call_1')).toBe(shortened);
});

test.each(['any', 'at-most-64', 'nine-letters'] as const)(
  'calls that share an id get ids of their own, the same in every request (%s)',
  (rule) => {
    const sent = (calls: readonly (readonly [string, number])[]) => {
      const { inward } = createToolIds(rule);
      return calls.map(([id, repeat]) => inward(id, repeat));
    };
    const calls = [
      ['call_0', 0],
      ['call_0', 1],
      ['call_1', 0],
      ['call_0', 2],
      ['call_1', 1],
    ] as const;
    const all = sent(calls);
    expect(new Set(all).size).toBe(calls.length);
    expect(sent(calls.slice(0, 3))).toEqual(all.slice(0, 3));
  },
);

describe('an id is used in a conversation', () => {
  const isUsed = usedToolIds(
    [
      { role: 'user', content: 'text' },
      {
        role: 'assistant',
        content: [
          { type: 'tool_use', id: 'call_0' },
          { type: 'tool_use', id: 'toolu_xZnVuY3Rpb25zLkJhc2g6MA' },
          { type: 'server_tool_use', id: 'srvtoolu_1' },
          { type: 'text', id: 'no_call' },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'of_a_lost_call' }, null, 'x'] },
      { role: 'assistant', content: [{ type: 'tool_use', id: 'functions.Read:1' }] },
    ],
    ['abcDEF123'],
  );

  test.each([
    ['as the history has it', 'call_0'],
    ['encoded, where the history has it as the backend gave it', outwardToolId('functions.Read:1') ?? ''],
    ['as the backend gave it, where the history has it encoded', 'functions.Bash:0'],
    ['as the backend got it', 'abcDEF123'],
    ['by a result whose call is gone', 'of_a_lost_call'],
    ['by a call that a server ran', 'srvtoolu_1'],
  ])('%s', (_how, id) => {
    expect(isUsed(id)).toBe(true);
  });

  test.each(['call_1', 'no_call', ''])('but %j is not', (id) => {
    expect(isUsed(id)).toBe(false);
  });
});
