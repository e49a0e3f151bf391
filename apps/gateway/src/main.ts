import { parseArgs } from 'node:util';

import { containerWarnings, explainListenError, findContainer, runProcess, StartError } from '@ccg/startup';
import { checkStart } from './check-start.ts';
import { gatewayVariables, listenAddresses } from './config.ts';
import { parseStart } from './parse-start.ts';
import { startGateway } from './start-gateway.ts';

await runProcess({
  env: process.env,
  knownNames: gatewayVariables,
  async start(variables, say) {
    const { values, positionals } = parseArgs({
      options: { 'check-config': { type: 'boolean' } },
      allowPositionals: true,
    });
    if (values['check-config'] === true) {
      const { exitCode, text } = checkStart(positionals[0], variables);
      process.stdout.write(`${text}\n`);
      process.exit(exitCode);
    }
    const parsed = parseStart(variables);
    if (parsed.kind === 'faulty') throw new StartError(parsed.message);
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
