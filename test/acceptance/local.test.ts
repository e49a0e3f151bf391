import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import {
  createGate,
  installClaudeCli,
  jsonAt,
  openAiChatSseHead,
  playModel,
  redisForSuite,
  say,
  startScriptedUpstream,
  waitFor,
} from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStream } from './support/open-stream.ts';
import { endLocal, paste, redisPid, runLocalToExit, spawnLocal, startLocal } from './support/start-local.ts';
import type { LocalOptions, LocalProcess } from './support/start-local.ts';

let root: string;
let dataDir: string;
let upstream: ScriptedUpstream;
let started: { readonly local: LocalProcess; readonly dataDir: string }[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccg-local-'));
  dataDir = join(root, 'data');
  upstream = await startScriptedUpstream(playModel([{ content: [say('Hello from upstream.')] }]));
  started = [];
});

afterEach(async () => {
  for (const { local, dataDir: folder } of started) await endLocal(local.process, folder);
  await upstream.close();
  await rm(root, { recursive: true });
});

async function start(options: Partial<LocalOptions> = {}): Promise<LocalProcess> {
  const local = await startLocal({ dataDir, ...options });
  started.push({ local, dataDir: options.dataDir ?? dataDir });
  return local;
}

function realEnv(): Record<string, string> {
  return { OPENAI_BASE_URL: `${upstream.url}/v1`, BIG_MODEL: 'big', SMALL_MODEL: 'small' };
}

async function firstKey(folder = dataDir): Promise<string> {
  return (await readFile(join(folder, 'first-key'), 'utf8')).trim();
}

const hello = {
  model: 'claude-sonnet-5-5',
  max_tokens: 100,
  messages: [{ role: 'user' as const, content: 'Say hello' }],
};

describe.each(['redis-url', 'redis-server', 'embedded'] as const)('on the store %s', (store) => {
  test('the pasted curl line works, and the same first API key still does after kill -9', async () => {
    const redis = redisForSuite('local');
    const env = {
      ...realEnv(),
      LOCAL_STORE: store,
      ...(store === 'redis-url' ? { REDIS_URL: redis.url, REDIS_KEY_PREFIX: redis.keyPrefix } : {}),
    };
    const first = await start({ env });
    const before = await paste(first.pastedLine('curl'));
    expect(jsonAt(JSON.parse(before.stdout), 'content', 0, 'text')).toBe('Hello from upstream.');
    const apiKey = await firstKey();
    expect((await stat(join(dataDir, 'first-key'))).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);

    first.process.signal('SIGKILL');
    await first.process.exited;
    const second = await start({ env });
    const after = await paste(second.pastedLine('curl'));
    expect(jsonAt(JSON.parse(after.stdout), 'content', 0, 'text')).toBe('Hello from upstream.');
    expect(await firstKey()).toBe(apiKey);
    expect(first.process.stdout() + first.process.stderr()).not.toContain(apiKey);
  });
});

describe('npm start', () => {
  test('adopts the Redis that a killed one left, and ends it when it ends itself', async () => {
    const first = await start({ env: realEnv() });
    const pid = await redisPid(dataDir);
    expect(pid).toBeTypeOf('number');
    first.process.signal('SIGKILL');
    await first.process.exited;
    const second = await start({ env: realEnv() });
    expect(second.process.stderr()).toContain(`Adopted the Redis (process ${pid})`);
    second.process.signal('SIGTERM');
    expect(await second.process.exited).toEqual({ code: 0, signal: null });
    expect(await redisPid(dataDir)).toBeUndefined();
  });

  test('starts its Redis again when that is killed, and the first API key works on it', async () => {
    const local = await start({ env: { ...realEnv(), LOCAL_STORE: 'redis-server' } });
    const pid = (await redisPid(dataDir)) ?? 0;
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => local.process.stderr(), { timeout: 20_000 }).toContain('is back.');
    expect(await redisPid(dataDir)).not.toBe(pid);
    await expect
      .poll(async () => (await paste(local.pastedLine('curl'))).stdout, { timeout: 20_000 })
      .toContain('Hello from upstream.');
  });

  test('works in a DATA_DIR that is too long for a socket and hard to quote', async () => {
    const folder = join(root, "it's a $long one ".repeat(8));
    const local = await start({ dataDir: folder, env: { ...realEnv(), LOCAL_STORE: 'redis-server', TMPDIR: root } });
    const { stdout } = await paste(local.pastedLine('curl'));
    expect(jsonAt(JSON.parse(stdout), 'content', 0, 'text')).toBe('Hello from upstream.');
    local.process.signal('SIGINT');
    expect(await local.process.exited).toEqual({ code: 0, signal: null });
  });

  test('prints a URL that can be called when it listens on every address', async () => {
    const local = await start({
      env: { ...realEnv(), HOST: '0.0.0.0', OPS_HOST: '127.0.0.1', LOCAL_STORE: 'embedded' },
    });
    expect(local.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect((await paste(local.pastedLine('curl'))).stdout).toContain('Hello from upstream.');
  });

  test('ends at once on a second Ctrl-C, with 1', async () => {
    const local = await start({ env: { ...realEnv(), LOCAL_STORE: 'embedded' } });
    const gate = createGate();
    upstream.answer([...openAiChatSseHead(), waitFor(gate.opened)]);
    const answer = openStream(`${local.url}/v1/messages`, await firstKey(), { ...hello, stream: true }).catch(
      () => undefined,
    );
    await upstream.request(0);
    local.process.signal('SIGINT');
    await expect.poll(() => local.process.stdout(), { timeout: 10_000 }).toContain('"draining"');
    local.process.signal('SIGINT');
    expect(await local.process.exited).toEqual({ code: 1, signal: null });
    (await answer)?.leave();
    gate.open();
  });

  test('can be stopped while it still starts, and says nothing about what that broke off', async () => {
    const child = spawnLocal({ dataDir, env: { ...realEnv(), REDIS_URL: 'redis://127.0.0.1:1' } });
    await expect.poll(() => existsSync(join(dataDir, 'first-key')), { timeout: 20_000 }).toBe(true);
    child.signal('SIGINT');
    expect(await child.exited).toEqual({ code: 1, signal: null });
    expect(child.stderr()).toMatch(/^(?:Waiting for Redis at 127\.0\.0\.1:1 .*\n)?$/u);
  });

  test('refuses a DATA_DIR that another one uses, and says which', async () => {
    const local = await start({ env: { ...realEnv(), LOCAL_STORE: 'embedded' } });
    const second = await runLocalToExit({ dataDir, env: realEnv() });
    expect(second.exit.code).toBe(1);
    expect(second.stderr).toContain(`DATA_DIR ${dataDir} is in use by the running process ${local.process.pid}.`);
    expect((await paste(local.pastedLine('curl'))).stdout).toContain('Hello from upstream.');
  });

  test('says which address is taken, and leaves no Redis behind', async () => {
    const port = new URL(upstream.url).port;
    const { exit, stderr } = await runLocalToExit({ dataDir, env: { ...realEnv(), PORT: port } });
    expect(exit.code).toBe(1);
    expect(stderr).toMatch(
      /^\nThe gateway cannot listen on port \d+ of 127\.0\.0\.1: another process uses it \(EADDRINUSE\)\. Stop that process, or set PORT to a free port\.\n\n$/,
    );
    expect(await redisPid(dataDir)).toBeUndefined();
  });

  test('reads .env as Windows writes it, below the environment, and says which it read and what in it is odd', async () => {
    await writeFile(
      join(root, 'my.env'),
      `\uFEFFOPENAI_BASE_URL="${upstream.url}/v1"\r\nBIG_MODEL='from-file'\r\nLOCAL_STORE=nonsense\r\nPROT=1\r\nSMALL_MODEL=small\r\n`,
    );
    const local = await start({ env: { ENV_FILE: join(root, 'my.env'), LOCAL_STORE: 'embedded' } });
    expect(local.process.stderr()).toBe(
      `Configuration: ${root}/my.env\n` +
        `Warning: ${root}/my.env, line 4: PROT is not a variable of the gateway. Did you mean PORT?\n`,
    );
    await paste(local.pastedLine('curl'));
    expect(jsonAt((await upstream.request(0)).json(), 'model')).toBe('from-file');
  });
});

test('of several providers openai serves, and the start warns and says where models go', async () => {
  const env = {
    ...realEnv(),
    LOCAL_STORE: 'embedded',
    ANTHROPIC_API_KEY: 'sk-ant-x',
    ANTHROPIC_API_BASE: upstream.url,
  };
  const local = await start({ env });
  expect(local.process.stderr()).toMatch(/^Warning: PREFERRED_PROVIDER: not set\. .*go to openai/mu);
  const models = local.process
    .stdout()
    .split('\n')
    .filter((line) => line.includes('→'));
  expect(models.map((line) => line.trim())).toEqual([
    'Models      *sonnet*, *opus*, *claude* → openai:big',
    '*haiku* → openai:small',
    'other names → openai, name unchanged',
  ]);
});

test('without any provider it starts, and a model of the Ollama on this machine is asked for by its name', async () => {
  const local = await start({ env: {} });
  expect(local.pastedLine('claude')).toContain(`${local.url}/ollama:gpt-oss:20b`);
  const ask = async (path: string) => {
    const response = await fetch(`${local.url}${path}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': await firstKey(), 'content-type': 'application/json' },
      body: JSON.stringify(hello),
    });
    return await response.text();
  };
  expect(await ask('')).toContain('No provider is configured for the model');
  // Whether one runs here or not, and has the model or not, it is Ollama that is asked.
  expect(await ask('/ollama:no-such-model-here')).toContain('\\"ollama\\"');
  expect(local.process.stdout()).not.toMatch(/provider (?:answers|cannot be reached)/u);
});

describe('a faulty configuration', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    [
      'a preferred provider that nobody configured',
      { PREFERRED_PROVIDER: 'openai' },
      /"openai" is not a configured provider/,
    ],
    [
      'a key of this gateway as a provider credential',
      { ANTHROPIC_API_KEY: 'ccg_live_x' },
      /ANTHROPIC_API_KEY: .*call itself/,
    ],
    ['an unknown store', { LOCAL_STORE: 'sqlite' }, /LOCAL_STORE: must be redis-url, redis-server or embedded/],
    [
      'an ENV_FILE that is not there',
      { ENV_FILE: '/nonexistent/.env' },
      /ENV_FILE: \/nonexistent\/\.env does not exist/,
    ],
  ])('%s, exit 1, no stack', async (_name, env, message) => {
    const { exit, stdout, stderr } = await runLocalToExit({ dataDir, env });
    expect(exit).toEqual({ code: 1, signal: null });
    expect(stderr).toMatch(message);
    expect(stdout + stderr).not.toMatch(/^\s+at .*:\d+/m);
  });

  test('another pepper than the one of the stored API keys', async () => {
    const redis = redisForSuite('local-pepper');
    const env = { ...realEnv(), REDIS_URL: redis.url, REDIS_KEY_PREFIX: redis.keyPrefix };
    const local = await start({ env: { ...env, KEY_PEPPER: 'first-'.repeat(8) } });
    local.process.signal('SIGTERM');
    await local.process.exited;
    const { exit, stderr } = await runLocalToExit({ dataDir, env: { ...env, KEY_PEPPER: 'second-'.repeat(8) } });
    expect(exit.code).toBe(1);
    expect(stderr).toContain('were made with another KEY_PEPPER');
  });

  test('a first-key file that holds no API key', async () => {
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'first-key'), 'not a key\n');
    const { exit, stderr } = await runLocalToExit({ dataDir, env: { ...realEnv(), LOCAL_STORE: 'embedded' } });
    expect(exit.code).toBe(1);
    expect(stderr).toContain('does not hold an API key. Remove it to get a new one.');
  });
});

describe('npm run demo', () => {
  const demo = { args: ['--demo'] };

  test('needs no provider, asks none that is configured, and says in every answer that it is a demo', async () => {
    const local = await start({
      ...demo,
      env: {
        ANTHROPIC_API_KEY: 'sk-ant-real',
        ANTHROPIC_API_BASE: upstream.url,
        OPENAI_BASE_URL: upstream.url,
        PREFERRED_PROVIDER: 'anthropic',
      },
    });
    expect(local.process.stdout()).toContain('DEMO');
    const client = new Anthropic({ baseURL: local.url, apiKey: await firstKey() });
    const whole = await client.messages.create(hello);
    const streamed = await client.messages.stream(hello).finalMessage();
    for (const { content } of [whole, streamed]) {
      expect(content).toEqual([
        expect.objectContaining({ type: 'text', text: expect.stringContaining('This is a demo answer') }),
      ]);
    }
    expect(upstream.requests).toHaveLength(0);
    expect(local.process.stdout()).not.toMatch(/no price is known|"costMicroDollars":[1-9]/u);
    await expect(client.messages.create({ ...hello, model: 'ollama:any' })).rejects.toThrow('is not configured here');
    local.process.signal('SIGINT');
    expect(await local.process.exited).toEqual({ code: 0, signal: null });
  });

  test('the pasted claude line runs Claude Code, a tool included', async () => {
    const local = await start({ ...demo, env: { LOCAL_STORE: 'embedded' } });
    const bin = join(root, 'bin');
    await mkdir(bin);
    const flags = '-p "Please use a tool" --output-format json --permission-mode bypassPermissions --max-turns 12';
    await writeFile(join(bin, 'claude'), `#!/bin/sh\nexec '${await installClaudeCli()}' ${flags} </dev/null\n`);
    await chmod(join(bin, 'claude'), 0o755);
    const { exit, stdout, stderr } = await paste(local.pastedLine('claude'), {
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      HOME: root,
      IS_SANDBOX: '1',
      DISABLE_AUTOUPDATER: '1',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      CLAUDE_CODE_MAX_RETRIES: '1',
    });
    expect(exit.code, stderr).toBe(0);
    const result: unknown = JSON.parse(stdout);
    expect(result).toMatchObject({ is_error: false, num_turns: 2 });
    expect(jsonAt(result, 'result')).toContain('This is a demo answer');
    expect(jsonAt(result, 'result')).toContain('Hello from the demo');
  });
});
