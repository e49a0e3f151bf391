import { beforeAll } from 'vitest';
import type { TestContext } from 'vitest';

import { createChart } from './chart.ts';
import type { Chart } from './chart.ts';
import { installChartTools } from './chart-tools.ts';
import type { InstalledChartTools } from './chart-tools.ts';
import { createValidator } from './validate-objects.ts';
import type { Validate } from './validate-objects.ts';

interface SuiteTools {
  readonly chart: Chart;
  readonly validate: Validate;
}

/** The chart for one test file. A machine that cannot have helm skips each test, with the reason. */
export function chartSuite(): (context: TestContext) => SuiteTools {
  let tools: InstalledChartTools;
  beforeAll(async () => {
    tools = await installChartTools();
  }, 600_000);
  return (context) => {
    if (tools.kind === 'missing') return context.skip(tools.reason);
    return { chart: createChart(tools), validate: createValidator(tools) };
  };
}
