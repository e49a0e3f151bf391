import { createServer } from 'node:http';
import { join } from 'node:path';
import { listenOnFreePort, startProcess } from '@ccg/testkit';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../gates/repository-root.ts';

async function check(port: string): Promise<number | null> {
  const args = [join(repositoryRoot, 'deploy/healthcheck.js'), port];
  const { code } = await startProcess({ command: process.execPath, args, cwd: repositoryRoot, env: {} }).exited;
  return code;
}

test.each([
  { status: 200, code: 0 },
  { status: 503, code: 1 },
])('the health check of an image ends with $code where /livez answers $status', async ({ status, code }) => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/livez' ? status : 404).end();
  });
  const { port } = new URL(await listenOnFreePort(server));
  expect(await check(port)).toBe(code);
  expect(await check(`"${port}"`)).toBe(code);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  // Nobody answers there any more.
  expect(await check(port)).toBe(1);
});
