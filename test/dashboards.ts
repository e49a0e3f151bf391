import { writeFile } from 'node:fs/promises';
import { repositoryRoot } from './gates/repository-root.ts';
import { runTool } from './gates/run-tool.ts';
import { buildDashboards } from './observability/dashboards/all-dashboards.ts';
import { readAlerts, readRunbook } from './observability/support/rules.ts';

/** `npm run dashboards`: writes the dashboards of Grafana. */
const folder = 'deploy/grafana/dashboards';
const runbooks = readAlerts().map(({ alert }) => ({ alert, text: readRunbook(alert) }));
for (const dashboard of buildDashboards(runbooks)) {
  await writeFile(`${repositoryRoot}/${folder}/${dashboard.uid}.json`, JSON.stringify(dashboard));
}
const { exitCode } = await runTool(repositoryRoot, { tool: 'oxfmt', args: ['--write', folder] });
process.exitCode = exitCode;
