import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { repositoryRoot } from '../gates/repository-root.ts';
import { chartCopies } from '../observability/support/chart-copies.ts';
import { chartFolder } from './support/chart.ts';
import { chartReadme } from './support/chart-readme.ts';

const read = (name: string): string => readFileSync(`${chartFolder}${name}`, 'utf8');

test('the README of the chart tells every value of values.yaml; `npm run chart:readme` writes them', () => {
  expect(read('README.md')).toBe(chartReadme(read('README.md'), read('values.yaml')));
});

test('the chart and its application have the version of the repository', () => {
  const { version }: { version: unknown } = JSON.parse(read('../../package.json'));
  expect(parse(read('Chart.yaml'))).toMatchObject({ version, appVersion: version });
});

test.each(chartCopies())('the chart has the files of $from as they are; `npm run dashboards` copies them', (copies) => {
  const { from, to, names } = copies;
  expect(names.length).toBeGreaterThan(0);
  expect(readdirSync(`${repositoryRoot}/${to}`).toSorted()).toEqual(names.toSorted());
  for (const name of names) expect(read(`../../${to}/${name}`)).toBe(read(`../../${from}/${name}`));
});
