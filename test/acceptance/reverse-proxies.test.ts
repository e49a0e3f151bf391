import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  anthropicFrames,
  anthropicSseHead,
  collectFrames,
  createGate,
  debianProgram,
  listenOnFreePort,
  say,
  selfSignedCertificate,
  selfSignedKey,
  startProcess,
  waitFor,
  write,
} from '@ccg/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TestContext } from 'vitest';
import { Agent, request } from 'undici';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

interface Setting {
  readonly folder: string;
  readonly port: number;
  /** Host and port of the gateway. */
  readonly gateway: string;
  readonly opsPort: string;
}

interface Proxy {
  readonly program: string;
  readonly file: string;
  /** The file with the addresses and certificates of a test in the place of its examples. */
  readonly adapt: (text: string, setting: Setting) => string;
  readonly args: (file: string) => readonly string[];
}

const proxies: readonly Proxy[] = [
  {
    program: 'nginx',
    file: 'nginx.conf',
    adapt: (text, { folder, port, gateway }) => {
      const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder};`);
      const server = text
        .replace('127.0.0.1:4000', gateway)
        .replace('listen 443', `listen 127.0.0.1:${port}`)
        .replaceAll(/\/etc\/ssl\/\S+\.pem/gu, `${folder}/both.pem`);
      const around = `daemon off; pid ${folder}/pid; error_log stderr; events {} http { access_log off;`;
      return `${around} ${paths.join(' ')}\n${server}}\n`;
    },
    args: (file) => ['-c', file],
  },
  {
    program: 'caddy',
    file: 'Caddyfile',
    adapt: (text, { folder, port, gateway }) =>
      `{\nadmin off\nauto_https off\n}\n${text}`
        .replace('\nclaude.example.com {', `\nhttps://127.0.0.1:${port} {\ntls ${folder}/both.pem ${folder}/both.pem`)
        .replace('127.0.0.1:4000', gateway),
    args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
  },
  {
    program: 'haproxy',
    file: 'haproxy.cfg',
    adapt: (text, { folder, port, gateway, opsPort }) =>
      text
        .replace('bind :443', `bind 127.0.0.1:${port}`)
        .replace('/etc/haproxy/claude.example.com.pem', `${folder}/both.pem`)
        .replace('10.0.0.11:4000', gateway)
        .replace('10.0.0.12:4000', '127.0.0.1:1')
        .replace('check port 4002', `check port ${opsPort}`),
    args: (file) => ['-db', '-f', file],
  },
];

const frames = anthropicFrames({ content: [say('The rest of the stream.')] }, 'claude-opus-5-5');
const begun = [...anthropicSseHead(), ...frames.slice(0, 4).map(write)];

let suite: Suite;
beforeAll(async () => {
  suite = await startSuite('reverse-proxies', { PREFERRED_PROVIDER: 'anthropic' });
});
afterAll(() => suite.close());

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ccg-proxy-'));
  writeFileSync(join(folder, 'both.pem'), `${selfSignedCertificate}\n${selfSignedKey}\n`);
});
afterEach(() => rmSync(folder, { recursive: true }));

describe.each(proxies)('$program with deploy/reverse-proxy/$file', (proxy) => {
  test('passes a stream on while it comes, over TLS and uncompressed', (context) =>
    throughProxy(context, proxy, async (post) => {
      const rest = createGate();
      suite.upstream.answer([...begun, waitFor(rest.opened), ...frames.slice(4).map(write)]);
      const answer = await post(bodyOf('hi'));
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-encoding']).toBeUndefined();
      let text = '';
      for await (const bytes of answer.body) {
        text += String(bytes);
        // The upstream says no more before the client has read this much.
        if (text.includes('text_delta')) rest.open();
      }
      expect(collectFrames(text).at(-1)?.event).toBe('message_stop');
    }));

  test('leaves it to the gateway to refuse a body that is too large, in words that Claude Code reads', (context) =>
    throughProxy(context, proxy, async (post) => {
      const answer = await post(bodyOf('x'.repeat(33 * 1024 * 1024)));
      expect(answer.statusCode).toBe(413);
      expect(await answer.body.json()).toMatchObject({ type: 'error', error: { type: 'request_too_large' } });
    }));
});

type Post = (body: string) => ReturnType<typeof request>;

async function throughProxy(
  context: TestContext,
  { program, file, adapt, args }: Proxy,
  use: (post: Post) => Promise<void>,
): Promise<void> {
  const command = debianProgram({ names: [program], package: program === 'nginx' ? 'nginx-light' : program });
  if (command === undefined) return context.skip(`This machine has no ${program}, and cannot install Debian's.`);
  const port = await freePort();
  const example = readFileSync(fileURLToPath(new URL(`../../deploy/reverse-proxy/${file}`, import.meta.url)), 'utf8');
  const { host: gateway } = new URL(suite.gateway.url);
  const config = join(folder, file);
  writeFileSync(config, adapt(example, { folder, port, gateway, opsPort: new URL(suite.gateway.opsUrl).port }));
  // nginx reads and buffers as another user where root starts it.
  if (process.getuid?.() === 0) chownSync(folder, 65_534, 65_534);
  const proxy = startProcess({
    command,
    args: args(config),
    cwd: folder,
    env: { HOME: folder, PATH: '/usr/sbin:/usr/bin:/bin' },
  });
  // As Claude Code does, HTTP/1.1.
  const dispatcher = new Agent({ connect: { ca: selfSignedCertificate }, allowH2: false });
  const headers = { 'x-api-key': suite.apiKey, 'content-type': 'application/json', 'accept-encoding': 'gzip, br' };
  try {
    await expect.poll(async () => (await accepts(port)) || proxy.stderr(), { timeout: 20_000 }).toBe(true);
    const url = `https://127.0.0.1:${port}/v1/messages`;
    await use((body) => request(url, { method: 'POST', dispatcher, headers, body }));
  } finally {
    await dispatcher.close();
    proxy.killGroup();
    await proxy.exited;
  }
}

function bodyOf(content: string): string {
  const messages = [{ role: 'user', content }];
  return JSON.stringify({ model: 'claude-opus-5-5', max_tokens: 64, stream: true, messages });
}

async function freePort(): Promise<number> {
  const server = createServer();
  const { port } = new URL(await listenOnFreePort(server));
  await new Promise((resolve) => server.close(resolve));
  return Number(port);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
