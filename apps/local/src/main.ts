import { parseArgs } from 'node:util';

import { StartError } from './start-error.ts';
import { startLocal } from './start-local.ts';

// Timers of ours do not keep a process alive, so that a wait for one alone would end it halfway, in a start or a close.
// It ends by process.exit, always.
const foreverMs = 2 ** 30;
setInterval(() => {}, foreverMs);

try {
  await startLocal(process.env, readMode());
} catch (thrown) {
  // Whoever reads this can mend a StartError; anything else is a fault of ours and shows where.
  process.stderr.write(
    thrown instanceof StartError
      ? `\n${thrown.message}\n\n`
      : `${String(thrown instanceof Error ? thrown.stack : thrown)}\n`,
  );
  process.exit(1);
}

function readMode(): 'real' | 'demo' {
  try {
    const { values } = parseArgs({ options: { demo: { type: 'boolean', default: false } }, strict: true });
    return values.demo ? 'demo' : 'real';
  } catch (thrown) {
    throw new StartError(`${thrown instanceof Error ? thrown.message : String(thrown)}\nThe only option is --demo.`);
  }
}
