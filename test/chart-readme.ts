import { readFile, writeFile } from 'node:fs/promises';
import { chartReadme } from './chart/support/chart-readme.ts';
import { repositoryRoot } from './gates/repository-root.ts';

/** `npm run chart:readme`: writes the table of values into the chart's README. */
const folder = `${repositoryRoot}/helm/claude-code-gateway`;
const [readme, values] = await Promise.all([
  readFile(`${folder}/README.md`, 'utf8'),
  readFile(`${folder}/values.yaml`, 'utf8'),
]);
await writeFile(`${folder}/README.md`, chartReadme(readme, values));
