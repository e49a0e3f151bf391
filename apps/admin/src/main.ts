import { fileURLToPath } from 'node:url';
import { onStopSignal, runUntilSignal } from '@ccg/edge';
import { describeStartFailure, explainListenError, readEnvironment, StartError } from '@ccg/startup';
import { adminAddresses, adminVariables, parseAdminConfig } from './config.ts';
import { startAdmin } from './start-admin.ts';

// Our timers are unref'd; this handle keeps the process alive until process.exit.
const foreverMs = 2 ** 30;
setInterval(() => {}, foreverMs);

const throughNpm = process.env['npm_lifecycle_event'] !== undefined;
// A start may wait for Redis, and a process with the id 1 is not ended by a signal that it does not listen to.
const stopListening = onStopSignal({ throughNpm }, () => process.exit(1));

try {
  const { variables, notices } = readEnvironment({
    env: process.env,
    workingDirectory: process.cwd(),
    repository: fileURLToPath(new URL('../../../', import.meta.url)),
    knownNames: adminVariables,
  });
  for (const notice of notices) process.stderr.write(`${notice}\n`);
  const parsed = parseAdminConfig(variables);
  if (parsed.kind === 'faulty') throw new StartError(parsed.message);
  for (const warning of parsed.warnings) process.stderr.write(`Warning: ${warning}\n`);
  const { config } = parsed;
  const admin = await startAdmin(config).catch((thrown: unknown) => explainListenError(thrown, adminAddresses(config)));
  for (const warning of parsed.listenWarnings) process.stderr.write(`Warning: ${warning}\n`);
  // In this order: a signal that arrives while nobody listens would end the process without draining.
  runUntilSignal(admin, { throughNpm });
  stopListening();
} catch (thrown) {
  process.stderr.write(`${describeStartFailure(thrown)}\n`);
  process.exit(1);
}
