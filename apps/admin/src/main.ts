import { explainListenError, runProcess, StartError } from '@ccg/startup';
import { adminAddresses, adminVariables, parseAdminConfig } from './config.ts';
import { startAdmin } from './start-admin.ts';

await runProcess({
  env: process.env,
  knownNames: adminVariables,
  async start(variables, say) {
    const parsed = parseAdminConfig(variables);
    if (parsed.kind === 'faulty') throw new StartError(parsed.message);
    const { config, warnings, listenWarnings } = parsed;
    for (const warning of warnings) say(`Warning: ${warning}`);
    const admin = await startAdmin(config).catch((thrown: unknown) =>
      explainListenError(thrown, adminAddresses(config)),
    );
    for (const warning of listenWarnings) say(`Warning: ${warning}`);
    return admin;
  },
});
