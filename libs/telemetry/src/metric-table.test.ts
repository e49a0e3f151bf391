import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { metricList } from './metric-list.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** `npm run metrics:readme` writes it. */
test('the documentation has every metric as it is in the list', () => {
  const rows = [...readme.matchAll(/^\| `(\w+)` +\| (\w+) +\| ((?:`\w+` ?)*) *\| ([\w, ]+?) +\| (.+?) +\|$/gmu)];
  const documented = rows.map(([, name, kind, labels = '', processes = '', help]) => ({
    name,
    kind,
    labels: [...labels.matchAll(/\w+/gu)].map(String),
    processes: processes.split(', '),
    help,
  }));
  const facts = Object.values(metricList).map(({ name, kind, labels, processes, help }) => ({
    name,
    kind,
    labels,
    processes,
    help,
  }));
  expect(documented).toEqual(facts);
});
