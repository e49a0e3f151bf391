import { parseArgs } from 'node:util';

import {
  checkConfig,
  containerWarnings,
  describeProblems,
  explainListenError,
  findContainer,
  runProcess,
  StartError,
} from '@ccg/startup';
import { gatewayVariables, listenAddresses, parseConfig } from './config.ts';
import { startGateway } from './start-gateway.ts';

const recordsNothing =
  'LOG_EXCHANGE works with npm start alone: it writes prompts to files, which no gateway of an organisation may do. Unset it.';
const needsKeys =
  "ALLOW_KEYLESS works with npm start alone, on one person's machine. Unset it, and give every developer an API key.";

await runProcess({
  env: process.env,
  knownNames: gatewayVariables,
  async start(variables, say) {
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
    for (const notice of parsed.notices) say(notice);
    const { config } = parsed;
    const inContainer = findContainer() === undefined ? [] : containerWarnings(config);
    for (const warning of [...parsed.warnings, ...inContainer]) say(`Warning: ${warning}`);
    const gateway = await startGateway(config).catch((thrown: unknown) =>
      explainListenError(thrown, listenAddresses(config)),
    );
    for (const warning of parsed.listenWarnings) say(`Warning: ${warning}`);
    return gateway;
  },
});

/** A faulty value is not off: whoever wrote it wanted something. */
function isOff(value = ''): boolean {
  return value === '' || value.toLowerCase() === 'false';
}
