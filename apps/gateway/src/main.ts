import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { onStopSignal, runUntilSignal } from '@ccg/edge';
import {
  checkConfig,
  containerWarnings,
  describeProblems,
  describeStartFailure,
  explainListenError,
  findContainer,
  readEnvironment,
  StartError,
} from '@ccg/startup';
import { gatewayVariables, listenAddresses, parseConfig } from './config.ts';
import { startGateway } from './start-gateway.ts';

// Our timers are unref'd; this handle keeps the process alive until process.exit.
const foreverMs = 2 ** 30;
setInterval(() => {}, foreverMs);

const recordsNothing =
  'LOG_EXCHANGE works with npm start alone: it writes prompts to files, which no gateway of an organisation may do. Unset it.';
const needsKeys =
  "ALLOW_KEYLESS works with npm start alone, on one person's machine. Unset it, and give every developer an API key.";
const throughNpm = process.env['npm_lifecycle_event'] !== undefined;
// A start may wait for Redis, and a process with the id 1 is not ended by a signal that it does not listen to.
const stopListening = onStopSignal({ throughNpm }, () => process.exit(1));

try {
  const { variables, notices } = readEnvironment({
    env: process.env,
    workingDirectory: process.cwd(),
    repository: fileURLToPath(new URL('../../../', import.meta.url)),
    knownNames: gatewayVariables,
  });
  for (const notice of notices) process.stderr.write(`${notice}\n`);
  const { values, positionals } = parseArgs({
    options: { 'check-config': { type: 'boolean' } },
    allowPositionals: true,
  });
  if (values['check-config'] === true) {
    const { exitCode, text } = checkConfig(positionals[0], variables);
    process.stdout.write(`${text}\n`);
    process.exit(exitCode);
  }
  const parsed = parseConfig(variables);
  const refused = [
    ...((variables['LOG_EXCHANGE'] ?? '') === '' ? [] : [recordsNothing]),
    ...(isOff(variables['ALLOW_KEYLESS']) ? [] : [needsKeys]),
  ];
  if (parsed.kind === 'faulty') throw new StartError(describeProblems([...refused, ...parsed.problems]));
  if (refused.length > 0) throw new StartError(refused.join('\n'));
  for (const notice of parsed.notices) process.stderr.write(`${notice}\n`);
  const { config } = parsed;
  const inContainer = findContainer() === undefined ? [] : containerWarnings(config);
  for (const warning of [...parsed.warnings, ...inContainer]) process.stderr.write(`Warning: ${warning}\n`);
  const gateway = await startGateway(config).catch((thrown: unknown) =>
    explainListenError(thrown, listenAddresses(config)),
  );
  for (const warning of parsed.listenWarnings) process.stderr.write(`Warning: ${warning}\n`);
  // In this order: a signal that arrives while nobody listens would end the process without draining.
  runUntilSignal(gateway, { throughNpm });
  stopListening();
} catch (thrown) {
  process.stderr.write(`${describeStartFailure(thrown)}\n`);
  process.exit(1);
}

/** A faulty value is not off: whoever wrote it wanted something. */
function isOff(value = ''): boolean {
  return value === '' || value.toLowerCase() === 'false';
}
