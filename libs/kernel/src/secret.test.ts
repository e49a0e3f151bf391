import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from './secret.ts';

const secret = new Secret('hush');

test.each([
  ['a template', `${secret.toString()}`],
  ['concatenation', 'x'.concat(String(secret))],
  ['JSON', JSON.stringify({ secret })],
  ['inspection', inspect({ deep: [secret] }, { showHidden: true })],
  ['its own members', Object.values(secret).join('')],
])('does not show in %s', (_where, text) => {
  expect(text).not.toContain('hush');
});

test('gives itself away on demand alone', () => {
  expect(secret.reveal()).toBe('hush');
});
