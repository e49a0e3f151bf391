import { parseConfig, startGateway } from '@ccg/gateway';

// The gateway with log, metrics and every request traced: the first argument is the URL of the collector.

const parsed = parseConfig({ ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: process.argv[2] });
if (parsed.kind === 'faulty') throw new Error(parsed.message);
const gateway = await startGateway(parsed.config);
process.once('SIGTERM', () => {
  void gateway.drain();
});
