import { parseConfig } from './config.ts';
import { readDotEnv } from './read-dot-env.ts';
import { runUntilSignal } from './run-until-signal.ts';
import { startGateway } from './start-gateway.ts';

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
