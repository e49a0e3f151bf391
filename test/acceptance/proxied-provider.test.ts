import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createSelfSignedServer, selfSignedCertificate, startConnectProxy } from '@ccg/testkit';
import { expect, test } from 'vitest';

import { endLocal, paste, startLocal } from './support/start-local.ts';

const answer = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text: 'Through the tunnel.' }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1 },
};

test('proxy and certificates of .env, which come too late for Node, are those of the provider', async () => {
  await using opened = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'ccg-proxied-'));
  opened.defer(() => rm(root, { recursive: true }));
  const provider = createSelfSignedServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
  });
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  opened.defer(() => {
    provider.closeAllConnections();
    provider.close();
  });
  const proxy = await startConnectProxy();
  opened.defer(() => proxy.close());
  const host = `localhost:${(provider.address() as AddressInfo).port}`;
  await writeFile(join(root, 'roots.pem'), selfSignedCertificate);
  const lines = [
    'ANTHROPIC_API_KEY=sk-ant-test',
    `ANTHROPIC_API_BASE=https://${host}`,
    `HTTPS_PROXY=${proxy.url.replace('http://', '')}`,
    'NO_PROXY=127.0.0.1',
    `NODE_EXTRA_CA_CERTS=${join(root, 'roots.pem')}`,
  ];
  await writeFile(join(root, 'my.env'), lines.join('\n'));
  const dataDir = join(root, 'data');
  const local = await startLocal({ dataDir, env: { ENV_FILE: join(root, 'my.env'), LOCAL_STORE: 'embedded' } });
  opened.defer(() => endLocal(local.process, dataDir));
  const { stdout } = await paste(local.pastedLine('curl'));
  expect(stdout).toContain('Through the tunnel.');
  expect(proxy.tunnels).toEqual([{ to: host, authorization: undefined }]);
});
