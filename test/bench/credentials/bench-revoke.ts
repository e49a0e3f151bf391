import { createApiKey, revokeApiKey, systemActor } from '@ccg/tenancy';
import { doneValue, startGateway, startTestRedis } from '@ccg/testkit';
import { startSuite } from '../../acceptance/support/start-suite.ts';
import { judged, percentile, refuseArguments } from './percentiles.ts';

/* Prints how long a replica that remembers an API key takes to refuse it after its revocation. */

const revocations = 200;
const giveUpMs = 10_000;
const root = systemActor('bench');

refuseArguments();
const redis = await startTestRedis(process.env);
process.env['TEST_REDIS_URL'] = redis.url;
const suite = await startSuite('bench-revoke', { TRUST_PROXY: '127.0.0.1' });
const replica = await startGateway(suite.env);

const timesMs: number[] = [];
for (let at = 0; at < revocations; at += 1) timesMs.push(await untilRefused(`10.0.0.${at}`));
for (const share of [0.5, 0.99]) {
  process.stdout.write(
    judged(`p${share * 100} of ${revocations} revocations`, percentile(timesMs, share), 1000, ' ms'),
  );
}

await replica.stop();
await suite.close();
await redis.stop();

/** Each API key is shown from an address of its own: one that shows many bad ones is slowed. */
async function untilRefused(address: string): Promise<number> {
  const { tenancy, tenant } = suite;
  const { apiKey, record } = doneValue(await createApiKey(tenancy, root, { tenant, name: 'bench' }));
  const ask = async () => {
    const answer = await fetch(`${replica.url}/v1/models`, {
      headers: { 'x-api-key': apiKey.reveal(), 'x-forwarded-for': address },
    });
    await answer.arrayBuffer();
    return answer.status;
  };
  if ((await ask()) !== 200) throw new Error('A new API key does not work.');
  const revoking = revokeApiKey(tenancy, root, { tenant, id: record.id });
  const startedAt = performance.now();
  while ((await ask()) !== 401) {
    if (performance.now() - startedAt > giveUpMs) throw new Error('A revoked API key goes on working.');
  }
  const elapsedMs = performance.now() - startedAt;
  doneValue(await revoking);
  return elapsedMs;
}
