import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

import {
  anthropicFrames,
  anthropicSseHead,
  createGate,
  hang,
  say,
  startGateway,
  startProcess,
  waitFor,
  write,
} from '@ccg/testkit';
import { afterEach, describe, expect, test } from 'vitest';

import { openStream } from './support/open-stream.ts';
import type { OpenStream } from './support/open-stream.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const frames = anthropicFrames({ content: [say('The rest of the stream.')] }, 'claude-opus-5-5');
const gatewayStart = fileURLToPath(new URL('../../apps/gateway/start.js', import.meta.url));
const begun = [...anthropicSseHead(), ...frames.slice(0, 4).map(write)];

let suite: Suite | undefined;
afterEach(() => suite?.close());

async function start(env: Readonly<Record<string, string>> = {}): Promise<Suite> {
  suite = await startSuite('drain', { PREFERRED_PROVIDER: 'anthropic', ...env });
  return suite;
}

/** Opens a stream and reads into its text. */
async function openHalf({
  gateway,
  apiKey,
}: {
  readonly gateway: { readonly url: string };
  readonly apiKey: string;
}): Promise<OpenStream> {
  const body = { model: 'claude-opus-5-5', max_tokens: 64, stream: true, messages: [{ role: 'user', content: 'hi' }] };
  const stream = await openStream(`${gateway.url}/v1/messages`, apiKey, body);
  await stream.readUntil((text) => text.includes('text_delta'));
  return stream;
}

async function statusOf(url: string): Promise<number | 'refused'> {
  try {
    return (await fetch(url)).status;
  } catch {
    return 'refused';
  }
}

describe.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('after %s', (signal) => {
  test('a running stream finishes, readiness ends at once, and the process leaves with 0', async () => {
    const started = await start();
    const { gateway, upstream } = started;
    const rest = createGate();
    upstream.answer([...begun, waitFor(rest.opened), ...frames.slice(4).map(write)]);
    const stream = await openHalf(started);
    gateway.signal(signal);
    await expect.poll(() => statusOf(`${gateway.opsUrl}/readyz`), { timeout: 10_000 }).toBe(503);
    expect(await statusOf(`${gateway.opsUrl}/livez`)).toBe(200);
    rest.open();
    expect((await stream.frames()).at(-1)?.event).toBe('message_stop');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
  });
});

test('a replica that drains leaves its neighbour ready and serving', async () => {
  const started = await start({ DRAIN_DELAY_MS: '1500' });
  const { gateway, upstream, apiKey } = started;
  const replica = await startGateway(started.env);
  try {
    const rest = createGate();
    upstream.answer(
      [...begun, waitFor(rest.opened), ...frames.slice(4).map(write)],
      [...begun, ...frames.slice(4).map(write)],
    );
    const held = await openHalf(started);
    gateway.signal('SIGTERM');
    await expect.poll(() => statusOf(`${gateway.opsUrl}/readyz`), { timeout: 10_000 }).toBe(503);
    expect(await statusOf(`${gateway.opsUrl}/livez`)).toBe(200);
    expect(await statusOf(`${replica.opsUrl}/readyz`)).toBe(200);
    const served = await openHalf({ gateway: replica, apiKey });
    expect((await served.frames()).at(-1)?.event).toBe('message_stop');
    rest.open();
    expect((await held.frames()).at(-1)?.event).toBe('message_stop');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    expect(await statusOf(`${replica.opsUrl}/readyz`)).toBe(200);
  } finally {
    await replica.stop();
  }
});

test('a stream finishes although the terminal of the gateway was closed', async () => {
  const { env, upstream, apiKey } = await start();
  const terminal = startProcess({
    command: 'script',
    args: ['-qfec', `exec ${process.execPath} ${gatewayStart}`, '/dev/null'],
    cwd: tmpdir(),
    env: { PATH: '/usr/bin:/bin', HOST: '127.0.0.1', PORT: '0', OPS_PORT: '0', MODEL_LIST_INTERVAL_MS: '0', ...env },
  });
  try {
    const { url, opsUrl } = await new Promise<{ url: string; opsUrl: string }>((resolve) => {
      terminal.onStdoutLine((line) => {
        if (line.includes('"msg":"listening"')) resolve(JSON.parse(line) as { url: string; opsUrl: string });
      });
    });
    const rest = createGate();
    upstream.answer([...begun, waitFor(rest.opened), ...frames.slice(4).map(write)]);
    const stream = await openHalf({ gateway: { url }, apiKey });
    terminal.signal('SIGKILL');
    await expect.poll(() => statusOf(`${opsUrl}/readyz`), { timeout: 10_000 }).toBe(503);
    rest.open();
    expect((await stream.frames()).at(-1)?.event).toBe('message_stop');
    await expect.poll(() => statusOf(`${opsUrl}/livez`), { timeout: 10_000 }).toBe('refused');
  } finally {
    terminal.killGroup();
  }
});

test('requests are taken on during the drain delay, and no longer after it', async () => {
  const started = await start({ DRAIN_DELAY_MS: '1500' });
  const { gateway, upstream } = started;
  const rest = createGate();
  upstream.answer([...begun, waitFor(rest.opened)], [...begun, ...frames.slice(4).map(write)]);
  const held = await openHalf(started);
  gateway.signal('SIGTERM');
  await expect.poll(() => statusOf(`${gateway.opsUrl}/readyz`), { timeout: 10_000 }).toBe(503);
  const late = await openHalf(started);
  expect((await late.frames()).at(-1)?.event).toBe('message_stop');
  await expect.poll(() => connects(gateway.url), { timeout: 15_000 }).toBe(false);
  rest.open();
  await held.frames();
  expect(await gateway.exited).toEqual({ code: 0, signal: null });
});

test('an idle gateway leaves at once, kept-alive connections or not', async () => {
  const { gateway } = await start();
  // fetch keeps the connection open for a next request.
  expect(await statusOf(`${gateway.url}/`)).toBe(200);
  gateway.signal('SIGTERM');
  expect(await gateway.exited).toEqual({ code: 0, signal: null });
});

test('a stream that outlives the drain timeout ends in an error event, and the process leaves with 0', async () => {
  const started = await start({ DRAIN_TIMEOUT_MS: '300' });
  started.upstream.answer([...begun, hang]);
  const stream = await openHalf(started);
  started.gateway.signal('SIGTERM');
  const received = await stream.frames();
  expect(received.at(-1)?.event).toBe('error');
  expect(JSON.parse(received.at(-1)?.data ?? '')).toMatchObject({
    type: 'error',
    error: { type: 'overloaded_error' },
    request_id: stream.headers.get('request-id'),
  });
  expect(await started.gateway.exited).toEqual({ code: 0, signal: null });
  await (
    await started.upstream.request(0)
  ).aborted;
});

test('a second signal ends it with 1', async () => {
  const started = await start();
  started.upstream.answer([...begun, hang]);
  await openHalf(started);
  started.gateway.signal('SIGTERM');
  await expect.poll(() => statusOf(`${started.gateway.opsUrl}/readyz`), { timeout: 10_000 }).toBe(503);
  started.gateway.signal('SIGTERM');
  expect(await started.gateway.exited).toEqual({ code: 1, signal: null });
});

async function connects(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
