import { describeChartTools, installChartTools } from '../chart/support/chart-tools.ts';

/** Brings helm, kubectl and the validator before the first test, and prints which ones they are. */
export async function setup(): Promise<void> {
  const tools = await installChartTools();
  if (tools.kind === 'missing') return;
  for (const line of await describeChartTools(tools)) console.log(line);
}
