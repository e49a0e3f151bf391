import { runUntilSignal } from '@ccg/edge';
import { parseConfig } from './config.ts';
import { readDotEnv } from './read-dot-env.ts';
import { startGateway } from './start-gateway.ts';

// Timers of ours do not keep a process alive, so that a wait for one alone would end it halfway, in a start or a close.
// It ends by process.exit, always.
const foreverMs = 2 ** 30;
setInterval(() => {}, foreverMs);

const parsed = parseConfig({ ...readDotEnv('.env'), ...process.env });
if (parsed.kind === 'faulty') fail(parsed.message);
else {
  startGateway(parsed.config).then(runUntilSignal, (error: unknown) => {
    fail(error instanceof Error ? error.message : String(error));
  });
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
