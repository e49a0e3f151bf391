import { existsSync, globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { countsReporter } from './gates/counts-reporter.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Suite {
  readonly name: string;
  readonly include: readonly string[];
  readonly exclude?: readonly string[];
  readonly globalSetup?: readonly string[];
  readonly timeoutMs: number;
  /** Run before each file, besides those of all suites. */
  readonly setupFiles?: readonly string[];
  /** Files that run at the same time. Default: one for each core. */
  readonly workers?: number;
  /** Whether files share a worker: our modules keep no state, so only what starts processes and servers needs its own. */
  readonly shared?: boolean;
}

const suites: readonly Suite[] = [
  {
    name: 'unit',
    include: ['libs/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/faults/**/*.test.ts'],
    timeoutMs: 10_000,
    shared: true,
  },
  { name: 'architecture', include: ['test/architecture/**/*.test.ts'], timeoutMs: 60_000 },
  { name: 'contract', include: ['test/contract/**/*.test.ts'], timeoutMs: 120_000, shared: true },
  { name: 'deploy', include: ['test/deploy/**/*.test.ts'], timeoutMs: 120_000 },
  {
    name: 'chart',
    include: ['test/chart/**/*.test.ts'],
    globalSetup: ['test/setup/chart-tools.ts'],
    timeoutMs: 60_000,
  },
  {
    name: 'integration',
    include: ['test/integration/**/*.test.ts'],
    globalSetup: ['test/setup/redis.ts'],
    timeoutMs: 30_000,
  },
  {
    name: 'embedded',
    include: ['test/integration/{store,tenancy,admission,usage,admin,batch}*.test.ts'],
    globalSetup: ['test/setup/embedded-redis.ts'],
    timeoutMs: 30_000,
  },
  // The same lines on what organisations run Redis as; `integration/topologies` is about what is special to each.
  ...['cluster', 'sentinels', 'tls'].map((name) => ({
    name,
    include: ['test/integration/{tenancy,admission,usage,batch}*.test.ts'],
    exclude: ['**/tenancy-apply-model.test.ts'],
    globalSetup: ['test/setup/redis-topology.ts'],
    timeoutMs: 30_000,
  })),
  {
    name: 'observability',
    include: ['test/observability/**/*.test.ts'],
    setupFiles: ['test/setup/no-leaks.ts'],
    globalSetup: ['test/setup/redis.ts', 'test/setup/compiled.ts'],
    timeoutMs: 30_000,
  },
  {
    name: 'acceptance',
    include: ['test/acceptance/**/*.test.ts'],
    setupFiles: ['test/setup/no-leaks.ts'],
    globalSetup: ['test/setup/redis.ts', 'test/setup/compiled.ts'],
    timeoutMs: 180_000,
    // Sessions of the real Claude Code mostly wait, but each of them is a large process.
    workers: Math.min(availableParallelism(), 4),
  },
];

/** A suite joins the run with its first test file; from then on finding none in it is a failure. */
function isPopulated(suite: Suite): boolean {
  const hasTests = suite.include.some((pattern) => globSync(pattern, { cwd: root }).length > 0);
  return hasTests && (suite.globalSetup ?? []).every((file) => existsSync(`${root}/${file}`));
}

function toProject(suite: Suite, index: number): TestProjectInlineConfiguration {
  return {
    root,
    test: {
      name: suite.name,
      root,
      include: [...suite.include],
      exclude: ['**/node_modules/**', '**/.cache/**', ...(suite.exclude ?? [])],
      globalSetup: [...(suite.globalSetup ?? [])],
      setupFiles: ['test/gates/property-seed.ts', ...(suite.setupFiles ?? [])],
      testTimeout: suite.timeoutMs,
      hookTimeout: suite.timeoutMs,
      maxWorkers: suite.workers ?? availableParallelism(),
      isolate: suite.shared !== true,
      // One suite after the other; 0 would mean that vitest chooses.
      sequence: { groupOrder: index + 1 },
    },
  };
}

export default defineConfig({
  root,
  test: {
    root,
    allowOnly: false,
    passWithNoTests: false,
    dangerouslyIgnoreUnhandledErrors: false,
    teardownTimeout: 10_000,
    reporters: ['default', ...countsReporter(process.env['VITEST_COUNTS_FILE'])],
    projects: suites.filter(isPopulated).map(toProject),
  },
});
