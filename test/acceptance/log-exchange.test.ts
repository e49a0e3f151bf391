import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  callTool,
  createGate,
  cut,
  head,
  jsonScript,
  openAiChatFrames,
  say,
  startScriptedUpstream,
  waitFor,
  write,
} from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runReplay } from './support/run-replay.ts';
import { endLocal, runLocalToExit, startLocal } from './support/start-local.ts';
import type { LocalProcess } from './support/start-local.ts';

const secrets = {
  OPENAI_API_KEY: 'sk-planted/credential+1',
  KEY_PEPPER: 'planted-pepper-0123456789-0123456789',
  SEALING_KEYS: 'planted-sealing-1-0123456789-01234567,planted-sealing-2-0123456789-01234567',
};

let root: string;
let upstream: ScriptedUpstream;
let local: LocalProcess | undefined;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ccg-log-exchange-'));
  upstream = await startScriptedUpstream();
  local = undefined;
});

afterEach(async () => {
  if (local !== undefined) await endLocal(local.process, join(root, 'data'));
  await upstream.close();
  await rm(root, { recursive: true });
});

function env(): Record<string, string> {
  return {
    ...secrets,
    LOCAL_STORE: 'embedded',
    OPENAI_BASE_URL: `${upstream.url}/v1`,
    BIG_MODEL: 'big',
    SMALL_MODEL: 'small',
    LOG_EXCHANGE: join(root, 'exchanges'),
  };
}

/** Log lines are written at the end of a turn, so they may come after the welcome. */
function lineOf(child: LocalProcess['process'], fits: (line: string) => boolean): Promise<void> {
  return new Promise((resolve) => {
    child.onStdoutLine((line) => {
      if (fits(line)) resolve();
    });
  });
}

async function ask(url: string, body: unknown): Promise<Response> {
  const key = (await readFile(join(root, 'data/first-key'), 'utf8')).trim();
  return fetch(`${url}/v1/messages?beta=true&ticket=planted-query`, {
    method: 'POST',
    headers: {
      'x-api-key': key,
      'content-type': 'application/json',
      cookie: 'planted-cookie',
      // A stop waits for idle connections.
      connection: 'close',
    },
    body: JSON.stringify(body),
  });
}

test('what was recorded holds the exchange and none of the planted secrets, for its user alone', async () => {
  local = await startLocal({ dataDir: join(root, 'data'), env: env() });
  const folder = join(root, 'exchanges');
  expect(local.process.stdout()).toContain(`Recording   prompts and answers are written to ${folder}`);
  const isWarning = (line: string) => /"level":"warn".*"folder":.*LOG_EXCHANGE is set: prompts and/u.test(line);
  await lineOf(local.process, isWarning);
  const key = (await readFile(join(root, 'data/first-key'), 'utf8')).trim();
  const planted = [key, ...Object.values(secrets).flatMap((value) => value.split(','))];
  const text = `A url https://files.example/a.png?sig=planted-signature and ${planted.join(' ')}.`;
  const frames = openAiChatFrames({ content: [say(text)] }, { model: 'big', includeUsage: true });
  upstream.answer([
    head(200, { 'content-type': 'text/event-stream', 'set-cookie': 'planted-set-cookie', 'x-echo': planted[1] ?? '' }),
    ...frames.map(write),
  ]);
  const messages = [{ role: 'user', content: `${text} Escaped: ${JSON.stringify(planted)}` }];
  const answer = await ask(local.url, { model: 'claude-sonnet-5-5', max_tokens: 100, stream: true, messages });
  expect(await answer.text()).toContain('event: message_stop');
  upstream.answer(jsonScript(400, { error: { message: `Incorrect API key provided: ${secrets.OPENAI_API_KEY}` } }));
  expect((await ask(local.url, { model: 'claude-sonnet-5-5', max_tokens: 100, messages })).status).toBe(500);
  local.process.signal('SIGTERM');
  expect(await local.process.exited).toEqual({ code: 0, signal: null });

  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  const names = (await readdir(folder)).toSorted();
  expect(names).toHaveLength(2);
  for (const name of names) {
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    const file = await readFile(join(folder, name), 'utf8');
    for (const secret of [...planted, 'planted-']) expect(file).not.toContain(secret);
    expect(JSON.parse(file)).toMatchObject({ version: 1, request: { body: { max_tokens: 100 } } });
  }
});

const tool = { name: 'Bash', input_schema: { type: 'object', properties: { command: { type: 'string' } } } };
const question = { messages: [{ role: 'user', content: 'List the files.' }], tools: [tool] };
const frames = openAiChatFrames(
  { content: [say('I look.'), callTool('call_1', 'Bash', { command: 'ls' })] },
  { model: 'big', includeUsage: true },
);
const overloaded = 'data: {"error":{"message":"Overloaded","code":529}}\n\n';

const streams: readonly (readonly [string, readonly string[], 'end' | 'cut'])[] = [
  ['a stream that is cut in the middle of a call', frames.slice(0, 4), 'cut'],
  ['a stream that ends without a finish', frames.slice(0, 3), 'end'],
  ['an error within a stream', [...frames.slice(0, 2), overloaded], 'end'],
  ['a whole stream in odd pieces', [frames.join('').slice(0, 777), frames.join('').slice(777)], 'end'],
];

test('streams are replayed with the frames that the client got, whole, cut, unfinished or failed', async () => {
  local = await startLocal({ dataDir: join(root, 'data'), env: env() });
  const answers: string[] = [];
  for (const [, parts, end] of streams) {
    const seen = createGate();
    const last = end === 'cut' ? [waitFor(seen.opened), cut] : [];
    upstream.answer([head(200, { 'content-type': 'text/event-stream' }), ...parts.map(write), ...last]);
    const answer = await ask(local.url, { model: 'claude-sonnet-5-5', max_tokens: 100, stream: true, ...question });
    let got = '';
    for await (const text of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      got += text;
      seen.open();
    }
    answers.push(got);
  }
  local.process.signal('SIGTERM');
  await local.process.exited;

  // Their names begin with the time.
  const files = (await readdir(join(root, 'exchanges'))).toSorted();
  for (const [index, [what]] of streams.entries()) {
    const { exit, stdout } = await runReplay([join(root, 'exchanges', files[index] ?? '')]);
    expect(exit.code, `${what}: ${stdout}`).toBe(0);
    expect(withoutIds(stdout), what).toContain(withoutIds(answers[index] ?? 'no answer').trimEnd());
    expect(stdout, what).toMatch(/^Verdict {3}good: /mu);
    expect(stdout, what).not.toContain('not as it was sent then');
  }
});

/** Ids are made anew. */
function withoutIds(text: string): string {
  return text.replaceAll(/"(id|request_id)":"[^"]*"/gu, '"$1":""');
}

test('npm run replay says in one line what is wrong with a file that cannot be read, and ends with 1', async () => {
  const { exit, stderr } = await runReplay([join(root, 'nothing.json')]);
  expect(exit.code).toBe(1);
  expect(stderr).toMatch(/^ENOENT[^\n]+\n$/u);
});

test('a start whose folder cannot be written says so in one sentence and leaves nothing running', async () => {
  const { exit, stderr } = await runLocalToExit({
    dataDir: join(root, 'data'),
    env: { ...env(), LOG_EXCHANGE: '/dev/null/exchanges' },
  });
  expect(exit).toEqual({ code: 1, signal: null });
  expect(stderr).toMatch(/^\nLOG_EXCHANGE \/dev\/null\/exchanges cannot be written \(.*\)\. Set it to .*\n\n$/u);
});
