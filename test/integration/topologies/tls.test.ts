import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createAdmission } from '@ccg/admission';
import { systemClock } from '@ccg/kernel';
import { connectStore } from '@ccg/store';
import type { Store, TlsMaterial } from '@ccg/store';
import { makeCertificates, runCli, startTlsRedis } from '@ccg/testkit';
import type { Certificates, RedisProcess } from '@ccg/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { concurrency } from '../support/admission-rig.ts';

const patienceMs = 10_000;

let certificates: Certificates;
let strangers: Certificates;
let server: RedisProcess;
const stores: Store[] = [];

beforeAll(async () => {
  certificates = makeCertificates();
  strangers = makeCertificates();
  server = await startTlsRedis(certificates);
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
});
afterAll(async () => {
  await server.stop();
  certificates.remove();
  strangers.remove();
});

function open(tls: TlsMaterial): Store {
  const url = server.url.replace('redis:', 'rediss:');
  const store = connectStore({ url, tls, keyPrefix: 'test:', commandTimeoutMs: 2000 });
  stores.push(store);
  return store;
}

const pem = (path: string) => readFileSync(path, 'utf8');
const ours = ({ client }: Certificates) => ({ cert: pem(client.cert), key: pem(client.key) });

test('with the authority and a certificate of ours an admission is one command', async () => {
  const store = open({ ca: pem(certificates.ca), ...ours(certificates) });
  await store.whenReady(patienceMs);
  const admission = createAdmission({
    store,
    clock: systemClock,
    replica: randomUUID(),
    liveReplicas: () => 1,
    timeoutMs: 2000,
  });
  const limits = [concurrency(9)];
  const admit = (requestId: string) =>
    admission.admit({ tenant: 'acme', requestId, limits, output: undefined, record: '' });
  await admit('first');
  const { client, ca } = certificates;
  const tls = ['--tls', '--cacert', ca, '--cert', client.cert, '--key', client.key, '-p', String(server.port)];
  const evaluations = () => Number(/cmdstat_evalsha:calls=(\d+)/u.exec(runCli(...tls, 'INFO', 'commandstats'))?.[1]);
  const before = evaluations();
  expect(await admit('second')).toMatchObject({ kind: 'admitted', by: 'store' });
  expect(evaluations() - before).toBe(1);
  const received: string[] = [];
  await store.subscribe('test:channel', (message) => received.push(message)).active;
  await store.command('publish', ['test:channel', 'hello']);
  await expect.poll(() => received, { timeout: patienceMs }).toEqual(['hello']);
});

test.each([
  ['without the authority', () => ours(certificates), 'certificate'],
  ['with another authority', () => ({ ca: pem(strangers.ca), ...ours(certificates) }), 'certificate'],
  ['without a certificate of ours', () => ({ ca: pem(certificates.ca) }), 'client-certificate'],
  [
    'with one that the server does not know',
    () => ({ ca: pem(certificates.ca), ...ours(strangers) }),
    'client-certificate',
  ],
] as const)('%s no connection comes about, and the wait ends at once', async (_what, tls, fault) => {
  await expect(open(tls()).whenReady(patienceMs)).rejects.toMatchObject({ fault });
});
