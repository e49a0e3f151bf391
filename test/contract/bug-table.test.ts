import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const numbers = [...Array.from({ length: 86 }, (_, index) => `${index + 1}`), '9b', '9c', '57b'];
const fieldReports = { A: 4, B: 12, C: 7, D: 5 };
const reported = Object.entries(fieldReports).flatMap(([group, count]) =>
  Array.from({ length: count }, (_, index) => `${group}${index + 1}`),
);

test('every known bug has one row, with a fixture or a test that exists, or the reason why there is none', () => {
  const rows = readFileSync(`${root}libs/translation/BUGS.md`, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, number = '', , evidence = ''] = line.split('|').map((cell) => cell.trim());
      return /^(?:\d+[a-z]?|[A-D]\d+)$/u.test(number) ? [{ number, evidence }] : [];
    });
  expect(rows.map(({ number }) => number).toSorted()).toEqual([...numbers, ...reported].toSorted());
  expect(rows.flatMap(({ number, evidence }) => faultsOf(evidence).map((fault) => `${number}: ${fault}`))).toEqual([]);
});

/** What is wrong with the evidence of a row. */
function faultsOf(evidence: string): string[] {
  const fixtures = [
    ...evidence.matchAll(/`((?:openai-chat|openai-responses|anthropic|ollama|gemini)\/[a-z-]+)`/gu),
  ].map(([, folder = '']) => folder);
  const tests = [...evidence.matchAll(/`([\w/.-]+\.test\.ts)`: "((?:[^"]|"(?! ·| \|))+)"(?= ·|$)/gu)];
  const isExplained = /^(?:Arrives with|Cannot occur|Open: )/u.test(evidence);
  return [
    ...(fixtures.length + tests.length > 0 || isExplained ? [] : ['has no evidence']),
    // Nothing that looks like a test may slip through unread.
    ...(tests.length === [...evidence.matchAll(/\.test\.ts/gu)].length ? [] : ['names a test without its title']),
    ...fixtures
      .filter((folder) => !existsSync(`${root}libs/translation/src/fixtures/${folder}/meta.json`))
      .map((folder) => `there is no fixture ${folder}`),
    ...tests
      .filter(([, file = '', title = '']) => !hasTest(file, title))
      .map(([, file = '', title = '']) => `${file} has no test "${title}"`),
  ];
}

function hasTest(file: string, title: string): boolean {
  return existsSync(`${root}${file}`) && readFileSync(`${root}${file}`, 'utf8').includes(title);
}
