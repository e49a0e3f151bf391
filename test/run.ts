import { repositoryRoot } from './gates/repository-root.ts';
import { runCheck } from './gates/run-check.ts';
import { runVitest } from './gates/run-vitest.ts';

// The suites run even when a gate is red: one misplaced comma should not hide what else is broken.
const check = await runCheck();
const suites = await runVitest(repositoryRoot, '!architecture', { show: true });
for (const remark of suites.remarks) console.log(remark);

const failed = check.failed + suites.failed;
process.exitCode = failed === 0 ? 0 : 1;
const skipped = Map.groupBy(suites.skipped, (reason) => reason);
for (const [reason, tests] of skipped) console.log(`Skipped ${tests.length}: ${reason}`);
console.log(`${check.passed + suites.passed} passed, ${failed} failed`);
