import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGate, openAiChatFrame, openAiChatSseHead, startScriptedUpstream, waitFor, write } from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStream } from './support/open-stream.ts';
import { endLocal, redisPid, startLocal } from './support/start-local.ts';
import type { LocalProcess } from './support/start-local.ts';

let root: string;
let dataDir: string;
let upstream: ScriptedUpstream;
let local: LocalProcess | undefined;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccg-stop-'));
  dataDir = join(root, 'data');
  upstream = await startScriptedUpstream(() => []);
});

afterEach(async () => {
  if (local !== undefined) await endLocal(local.process, dataDir);
  await upstream.close();
  await rm(root, { recursive: true });
});

async function start(throughNpm: boolean): Promise<LocalProcess> {
  local = await startLocal({
    dataDir,
    throughNpm,
    env: {
      HOME: root,
      OPENAI_BASE_URL: `${upstream.url}/v1`,
      BIG_MODEL: 'm',
      SMALL_MODEL: 'm',
      LOCAL_STORE: 'redis-server',
    },
  });
  return local;
}

/** Opens a stream that is half answered; the rest comes when the gate opens. */
async function openHalf(url: string) {
  const rest = createGate();
  const delta = (content: string) =>
    write(openAiChatFrame('m', { choices: [{ index: 0, delta: { content }, finish_reason: null }] }));
  const stop = write(openAiChatFrame('m', { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
  upstream.answer([
    ...openAiChatSseHead(),
    delta('one '),
    waitFor(rest.opened),
    delta('two'),
    stop,
    write('data: [DONE]\n\n'),
  ]);
  const apiKey = (await readFile(join(dataDir, 'first-key'), 'utf8')).trim();
  const messages = [{ role: 'user', content: 'Say hello' }];
  const body = { model: 'claude-sonnet-5-5', max_tokens: 100, stream: true, messages };
  const stream = await openStream(`${url}/v1/messages`, apiKey, body);
  await stream.readUntil((text) => text.includes('one '));
  return { stream, rest };
}

/** Waits until it no longer accepts: from then on it drains. */
async function untilRefused(url: string): Promise<void> {
  const tryIt = () =>
    fetch(url).then(
      () => 'accepted',
      () => 'refused',
    );
  await expect.poll(tryIt, { timeout: 10_000 }).toBe('refused');
}

function isGroupAlive(pid: number): boolean {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
}

// A supervisor signals the process that it started. A terminal signals the whole foreground group, npm included, and
// npm passes on what it gets, so the gateway hears of one Ctrl-C twice.
describe.each([
  { what: 'Ctrl-C at a terminal', throughNpm: false, signal: 'SIGINT', target: 'group' },
  { what: 'Ctrl-C at a terminal that runs npm start', throughNpm: true, signal: 'SIGINT', target: 'group' },
  { what: 'SIGTERM to npm start, from a supervisor', throughNpm: true, signal: 'SIGTERM', target: 'process' },
] as const)('after $what', ({ throughNpm, signal, target }) => {
  test('a running stream ends whole, Redis stops, it exits 0 and nothing is left', async () => {
    const { url, process: child } = await start(throughNpm);
    const { stream, rest } = await openHalf(url);
    process.kill(target === 'group' ? -child.pid : child.pid, signal);
    await untilRefused(url);
    rest.open();
    const frames = await stream.frames();
    expect(JSON.stringify(frames)).toContain('two');
    expect(frames.at(-1)).toMatchObject({ event: 'message_stop' });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(await redisPid(dataDir)).toBeUndefined();
    expect(isGroupAlive(child.pid)).toBe(false);
  });
});
