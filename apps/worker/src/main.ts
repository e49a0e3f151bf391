import { containerWarnings, explainListenError, findContainer, runProcess, StartError } from '@ccg/startup';
import { parseWorkerConfig, workerAddresses, workerVariables } from './config.ts';
import { startWorker } from './start-worker.ts';

await runProcess({
  env: process.env,
  knownNames: workerVariables,
  async start(variables, say) {
    const parsed = parseWorkerConfig(variables);
    if (parsed.kind === 'faulty') throw new StartError(parsed.message);
    for (const notice of parsed.notices) say(notice);
    const { config } = parsed;
    const inContainer = findContainer() === undefined ? [] : containerWarnings(config);
    for (const warning of [...parsed.warnings, ...inContainer]) say(`Warning: ${warning}`);
    const worker = await startWorker(config).catch((thrown: unknown) =>
      explainListenError(thrown, workerAddresses(config)),
    );
    for (const warning of parsed.listenWarnings) say(`Warning: ${warning}`);
    return worker;
  },
});
