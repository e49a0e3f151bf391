import { parseConfig, startGateway } from '@ccg/gateway';
import { createMetrics } from '@ccg/telemetry';
import type { Metrics } from '@ccg/telemetry';
import { variantOf } from './variants.ts';

// The gateway with its log and metrics, without them, or with every request traced as well. The first argument names
// the variant, the second is the URL of the collector. One file starts all of them, so that they differ in nothing else.

const [variant, collectorUrl = ''] = process.argv.slice(2);
switch (variantOf(variant)) {
  case 'told':
    await start(process.env);
    break;
  case 'traced':
    await start({ ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl });
    break;
  case 'untold': {
    const { url } = await start({ ...process.env, LOG_LEVEL: 'silent' }, silentMetrics());
    console.log(JSON.stringify({ msg: 'listening', url }));
    break;
  }
}

async function start(env: NodeJS.ProcessEnv, metrics?: Metrics) {
  const parsed = parseConfig(env);
  if (parsed.kind === 'faulty') throw new Error(parsed.message);
  const gateway = await startGateway(parsed.config, metrics === undefined ? {} : { metrics });
  process.once('SIGTERM', () => {
    void gateway.drain();
  });
  return gateway;
}

function silentMetrics(): Metrics {
  const real = createMetrics();
  const frame = {
    endpoint: 'e',
    dialect: 'd',
    provider: 'p',
    model: 'm',
    stream: true,
    tenant: 't',
    isModelKnown: true,
  };
  const requests = silenced(real.requestsOf(frame));
  const streams = silenced(real.streamsOf('d', 'p'));
  const limits = silenced(real.limitsOf({ tenant: 't', level: 'l', kind: 'k' }));
  return {
    ...silenced(real),
    requestsOf: () => requests,
    streamsOf: () => streams,
    limitsOf: () => limits,
  };
}

/** An object of the same functions, which do nothing. */
function silenced<Told extends object>(told: Told): Told {
  return Object.fromEntries(Object.keys(told).map((name) => [name, () => undefined])) as Told;
}
