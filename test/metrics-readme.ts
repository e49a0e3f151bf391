import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { metricList } from '@ccg/telemetry';
import { repositoryRoot } from './gates/repository-root.ts';
import { runTool } from './gates/run-tool.ts';

/** `npm run metrics:readme`: writes the table of metrics into the README of libs/telemetry. A test holds it to the list. */
const file = join(repositoryRoot, 'libs/telemetry/README.md');
const rows = Object.values(metricList).map(({ name, kind, labels, processes, help }) => {
  const labelTexts = labels.map((label) => `\`${label}\``).join(' ');
  return `| \`${name}\` | ${kind} | ${labelTexts} | ${processes.join(', ')} | ${help} |`;
});
const [head = ''] = readFileSync(file, 'utf8').split(/(?<=\| metric .*\n)/u);
writeFileSync(file, `${head}| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`);
const { exitCode } = await runTool(repositoryRoot, { tool: 'oxfmt', args: ['--write', file] });
process.exitCode = exitCode;
