import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

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
