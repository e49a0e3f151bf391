import { writeFileSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, TestSuite, Vitest } from 'vitest/node';

/** Begins the reason of a test that may be skipped: what it needs can be on some machines only. */
const excuse = 'This machine has no ';

/** What one vitest run did, per project: a project that ran nothing is there too, with zeros. */
export interface Counts {
  readonly projects: Readonly<Record<string, { readonly passed: number; readonly failed: number }>>;
  /** The reasons of tests that the machine cannot run, one for each. */
  readonly skipped: readonly string[];
  readonly unhandledErrors: number;
}

/** Writes the counts of a run to `file`; without one there is nothing to report. */
export function countsReporter(file: string | undefined): Reporter[] {
  if (file === undefined) return [];
  let vitest: Vitest | undefined;
  let counts: Counts = { projects: {}, skipped: [], unhandledErrors: 0 };
  const write = (): void => writeFileSync(file, JSON.stringify(counts));
  return [
    {
      onInit(instance) {
        vitest = instance;
      },
      onTestRunEnd(modules, unhandledErrors) {
        const names = vitest?.projects.map((project) => project.name) ?? [];
        counts = countRun(names, modules, unhandledErrors.length);
        write();
      },
      onProcessTimeout() {
        // Something that a test or a setup opened is still open: vitest itself would call that a success.
        counts = { ...counts, unhandledErrors: counts.unhandledErrors + 1 };
        write();
      },
    },
  ];
}

function countRun(names: readonly string[], modules: readonly TestModule[], unhandledErrors: number): Counts {
  const projects: Record<string, { passed: number; failed: number }> = {};
  const skipped: string[] = [];
  for (const name of names) projects[name] = { passed: 0, failed: 0 };
  for (const module of modules) {
    const counts = (projects[module.project.name] ??= { passed: 0, failed: 0 });
    for (const test of module.children.allTests()) {
      const reason = excuseOf(test);
      // Any other skipped test guarantees nothing, so it counts as a failure.
      if (test.result().state === 'passed') counts.passed += 1;
      else if (reason !== undefined) skipped.push(reason);
      else counts.failed += 1;
    }
    counts.failed += countBroken(module);
  }
  return { projects, skipped, unhandledErrors };
}

function excuseOf(test: TestCase): string | undefined {
  const result = test.result();
  return result.state === 'skipped' && result.note?.startsWith(excuse) === true ? result.note : undefined;
}

/** Files that did not load and suites whose own hooks failed have errors without a test to carry them. */
function countBroken(module: TestModule): number {
  const groups: (TestModule | TestSuite)[] = [module, ...module.children.allSuites()];
  return groups.filter((group) => group.errors().length > 0).length;
}
