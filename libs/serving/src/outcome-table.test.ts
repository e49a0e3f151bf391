import { readFileSync } from 'node:fs';
import { outcomeFacts } from '@ccg/kernel';
import { expect, test } from 'vitest';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('the documentation has every outcome, with its owner, the level of its log line and what happened', () => {
  const rows = [...readme.matchAll(/^\| `(\w+)` +\| (.+?) +\| `(info|warn|error)` +\| (.+?) +\|$/gmu)];
  const documented = rows.map(([, outcome, owner, level, text]) => [outcome, { owner, level, text }]);
  expect(documented).toEqual(Object.entries(outcomeFacts));
});
