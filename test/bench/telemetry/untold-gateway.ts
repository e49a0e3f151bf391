import { parseConfig, startGateway } from '@ccg/gateway';
import { createMetrics } from '@ccg/telemetry';
import type { Metrics } from '@ccg/telemetry';

// The gateway without its log and its metrics, to see what they cost.

const parsed = parseConfig(process.env);
if (parsed.kind === 'faulty') throw new Error(parsed.message);
const real = createMetrics();
const frame = { endpoint: 'e', dialect: 'd', provider: 'p', model: 'm', stream: true, tenant: 't', isModelKnown: true };
const requests = silenced(real.requestsOf(frame));
const streams = silenced(real.streamsOf('d', 'p'));
const limits = silenced(real.limitsOf({ tenant: 't', level: 'l', kind: 'k' }));
const metrics: Metrics = {
  ...silenced(real),
  requestsOf: () => requests,
  streamsOf: () => streams,
  limitsOf: () => limits,
};
const config = { ...parsed.config, logLevel: 'silent' } as const;
const gateway = await startGateway(config, { metrics, log: { write() {} } });
console.log(JSON.stringify({ msg: 'listening', url: gateway.url }));
process.once('SIGTERM', () => {
  void gateway.drain();
});

/** An object of the same functions, which do nothing. */
function silenced<Told extends object>(told: Told): Told {
  return Object.fromEntries(Object.keys(told).map((name) => [name, () => undefined])) as Told;
}
