import { runBatches } from './batches/run-batches.ts';
import { runOnS3 } from './s3.ts';

// `npm run test:faults`: what is killed here loses nothing and gives nothing twice. Prints its figures as JSON; the exit code is not 0
// where one of them is wrong.

// What was started dies with this process, which a signal alone would not see to.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const figures = { s3: await runOnS3(), batches: await runBatches() };
console.log(JSON.stringify(figures, undefined, 2));
const faults = Object.values(figures).flatMap((part) => part.faults);
if (faults.length > 0) console.error(`FAILED: ${faults.join('; ')}`);
process.exitCode = faults.length === 0 ? 0 : 1;
