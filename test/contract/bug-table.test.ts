import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const numbers = [...Array.from({ length: 86 }, (_, index) => `${index + 1}`), '9b', '9c', '57b'];
const rows = readFileSync(`${root}libs/translation/BUGS.md`, 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, number = '', , evidence = ''] = line.split('|').map((cell) => cell.trim());
    return /^\d+[a-z]?$/u.test(number) ? [{ number, evidence }] : [];
  });

test('every bug has one row', () => {
  expect(rows.map(({ number }) => number).toSorted()).toEqual(numbers.toSorted());
});

describe.each(rows)('the row of bug $number', ({ evidence }) => {
  const fixtures = [...evidence.matchAll(/`((?:openai-chat|anthropic)\/[a-z-]+)`/gu)].map(([, folder = '']) => folder);
  const tests = [...evidence.matchAll(/`([\w/.-]+\.test\.ts)`: "((?:[^"]|"(?! ·| \|))*)"(?= ·|$)/gu)];

  test('names a fixture or a test, or says why there is none', () => {
    const isExplained = /^(?:Arrives with|Cannot occur|Open: )/u.test(evidence);
    expect(fixtures.length + tests.length > 0 || isExplained).toBe(true);
    // Nothing that looks like a test may slip through unread.
    expect(tests).toHaveLength([...evidence.matchAll(/\.test\.ts/gu)].length);
  });

  test('names what exists', () => {
    const missing = fixtures.filter(
      (folder) => !existsSync(`${root}libs/translation/src/fixtures/${folder}/meta.json`),
    );
    expect(missing).toEqual([]);
    for (const [, file = '', name = ''] of tests) {
      expect(name).not.toBe('');
      expect(readFileSync(`${root}${file}`, 'utf8')).toContain(name);
    }
  });
});
