import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { repositoryRoot } from './gates/repository-root.ts';
import { runTool } from './gates/run-tool.ts';
import { buildDashboards } from './observability/dashboards/all-dashboards.ts';
import { chartCopies } from './observability/support/chart-copies.ts';
import { readAlerts, readRunbook } from './observability/support/rules.ts';

/** `npm run dashboards`: writes the dashboards of Grafana, and what the chart has of them and of the rules. */
const folder = 'deploy/grafana/dashboards';
const runbooks = readAlerts().map(({ alert }) => ({ alert, text: readRunbook(alert) }));
const dashboards = buildDashboards(runbooks);
for (const name of await readdir(`${repositoryRoot}/${folder}`)) await rm(`${repositoryRoot}/${folder}/${name}`);
for (const dashboard of dashboards) {
  await writeFile(`${repositoryRoot}/${folder}/${dashboard.uid}.json`, JSON.stringify(dashboard));
}
const { exitCode } = await runTool(repositoryRoot, { tool: 'oxfmt', args: ['--write', folder] });
process.exitCode = exitCode;

for (const { from, to, names } of chartCopies()) {
  await rm(`${repositoryRoot}/${to}`, { recursive: true, force: true });
  await mkdir(`${repositoryRoot}/${to}`, { recursive: true });
  for (const name of names) await copyFile(`${repositoryRoot}/${from}/${name}`, `${repositoryRoot}/${to}/${name}`);
}
