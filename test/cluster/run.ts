import { describeChartTools, installChartTools } from '../chart/support/chart-tools.ts';
import { buildCompose } from './build-compose.ts';
import { buildKubernetes } from './build-kubernetes.ts';
import { checkChart } from './check-chart.ts';
import { checkCompose } from './check-compose.ts';
import { startCluster } from './start-cluster.ts';

// What was started ends with this process, also when somebody interrupts it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

/** `npm run test:cluster`: what needs programs that take minutes to build. Ends with 1 if anything is wrong. */
await checkCompose(await buildCompose());

const tools = await installChartTools();
if (tools.kind === 'missing') throw new Error(tools.reason);
for (const line of await describeChartTools(tools)) console.log(line);

const cluster = await startCluster(await buildKubernetes(), tools.kubectl);
try {
  console.log(`Kubernetes ${cluster.serverVersion}`);
  await checkChart(tools, cluster);
} finally {
  await cluster.stop();
}
