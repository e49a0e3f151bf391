import { repositoryRoot } from './gates/repository-root.ts';
import { runCheck } from './gates/run-check.ts';
import { runVitest } from './gates/run-vitest.ts';

// The suites run even when a gate is red: one misplaced comma should not hide what else is broken.
const check = await runCheck();
const suites = await runVitest(repositoryRoot, '!architecture', { show: true });
for (const remark of suites.remarks) console.log(remark);

const failed = check.failed + suites.failed;
process.exitCode = failed === 0 ? 0 : 1;
const { skipped } = suites;
for (const reason of new Set(skipped)) console.log(`Skipped: ${reason}`);
const tail = skipped.length === 0 ? '' : `, ${skipped.length} skipped`;
console.log(`${check.passed + suites.passed} passed, ${failed} failed${tail}`);
