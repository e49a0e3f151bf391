import { parseArgs } from 'node:util';

import { describeStartFailure, reasonOf, StartError } from '@ccg/startup';

import { startLocal } from './start-local.ts';

// Our timers are unref'd; this handle keeps the process alive until process.exit.
const foreverMs = 2 ** 30;
setInterval(() => {}, foreverMs);

try {
  await startLocal(process.env, readMode());
} catch (thrown) {
  process.stderr.write(`\n${describeStartFailure(thrown)}\n\n`);
  process.exit(1);
}

function readMode(): 'real' | 'demo' {
  try {
    const { values } = parseArgs({ options: { demo: { type: 'boolean', default: false } }, strict: true });
    return values.demo ? 'demo' : 'real';
  } catch (thrown) {
    throw new StartError(`${reasonOf(thrown)}\nThe only option is --demo.`);
  }
}
