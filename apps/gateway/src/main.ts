import { fileURLToPath } from 'node:url';

import { runUntilSignal } from '@ccg/edge';
import { gatewayVariables, parseConfig } from './config.ts';
import { readEnvironment } from './environment.ts';
import { describeStartFailure, explainListenError, StartError } from './start-error.ts';
import { startGateway } from './start-gateway.ts';

// Timers of ours do not keep a process alive, so that a wait for one alone would end it halfway, in a start or a close.
// It ends by process.exit, always.
const foreverMs = 2 ** 30;
setInterval(() => {}, foreverMs);

try {
  const { variables, notices } = readEnvironment({
    env: process.env,
    workingDirectory: process.cwd(),
    repository: fileURLToPath(new URL('../../../', import.meta.url)),
    knownNames: gatewayVariables,
  });
  for (const notice of notices) process.stderr.write(`${notice}\n`);
  const parsed = parseConfig(variables);
  if (parsed.kind === 'faulty') throw new StartError(parsed.message);
  const { config } = parsed;
  const gateway = await startGateway(config).catch((thrown: unknown) => explainListenError(thrown, config));
  runUntilSignal(gateway, { throughNpm: process.env['npm_lifecycle_event'] !== undefined });
} catch (thrown) {
  process.stderr.write(`${describeStartFailure(thrown)}\n`);
  process.exit(1);
}
