import { runOnS3 } from './s3.ts';

// `npm run test:faults`: what is killed here loses nothing and gives nothing twice. Prints its figures as JSON; the exit code is not 0
// where one of them is wrong.

const figures = { s3: await runOnS3() };
console.log(JSON.stringify(figures, undefined, 2));
const faults = Object.values(figures).flatMap((part) => part.faults);
if (faults.length > 0) console.error(`FAILED: ${faults.join('; ')}`);
process.exitCode = faults.length === 0 ? 0 : 1;
