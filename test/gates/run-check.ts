import { repositoryRoot } from './repository-root.ts';
import { runTool } from './run-tool.ts';
import { runVitest } from './run-vitest.ts';
import { steps } from './steps.ts';

/** Runs every gate up to the first that fails, and prints each one's seconds and the failing one's output. */
export async function runCheck(): Promise<{ readonly passed: number; readonly failed: number }> {
  for (const [name, call] of Object.entries(steps)) {
    const { exitCode, output } = await timed(name, async () => await runTool(repositoryRoot, call), isGreen);
    if (exitCode === 0) continue;
    console.log(output);
    return { passed: 0, failed: 1 };
  }
  const suite = await timed(
    'architecture',
    async () => await runVitest(repositoryRoot, 'architecture', { show: false }),
    ({ failed }) => failed === 0,
  );
  if (suite.failed > 0) console.log([suite.output, ...suite.remarks].join('\n'));
  return suite;
}

const isGreen = ({ exitCode }: { readonly exitCode: number }): boolean => exitCode === 0;

async function timed<T>(name: string, step: () => Promise<T>, passed: (result: T) => boolean): Promise<T> {
  const start = performance.now();
  const result = await step();
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6);
  console.log(`${passed(result) ? '✓' : '✗'} ${name.padEnd(14)} ${seconds} s`);
  return result;
}
