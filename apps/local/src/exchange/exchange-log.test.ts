import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { catalogFromEnv, createTarget } from '@ccg/catalog';
import { Secret } from '@ccg/kernel';
import { recordWithoutModel } from '@ccg/serving';
import type { CallRecording, Recorder, ServeRequest } from '@ccg/serving';
import { createLogger } from '@ccg/telemetry';

import { exchangeSchema } from './exchange-file.ts';
import type { Exchange } from './exchange-file.ts';
import { openExchangeLog } from './exchange-log.ts';

const pepper = 'pepper-0123456789abcdef-0123456789';
const made = catalogFromEnv({
  OPENAI_API_KEY: 'sk-provider-0123456789',
  OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
  BIG_MODEL: 'big',
  SMALL_MODEL: 'small',
  MAX_OUTPUT_TOKENS: '4000',
});
if (made.kind === 'faulty') throw new Error(made.problems.join('\n'));
const { catalog } = made;
const config = {
  catalog,
  keyPeppers: { current: new Secret(pepper), previous: [] },
  sealingKeys: [new Secret('sealing-0123456789abcdef-012345678')] as const,
  upstreamProxy: { url: new Secret('http://user:proxy%2Fpass-1@proxy.example:3128'), except: '' },
  redis: { url: 'redis://:redis-pass-1@127.0.0.1' },
};
if (catalog.preferred === undefined) throw new Error('no provider');
const target = createTarget({ provider: catalog.preferred, model: 'big' });

let parent: string;
let folder: string;
let lines: string[];
const logger = createLogger('info', { write: (line) => lines.push(line) });

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'ccg-exchange-log-'));
  folder = join(parent, 'exchanges');
  lines = [];
});

afterEach(() => rm(parent, { recursive: true }));

interface Play {
  readonly body?: Uint8Array;
  readonly chunks?: readonly string[];
  readonly end?: Parameters<CallRecording['ended']>[0];
}

function play(recorder: Recorder, { body = Buffer.from('{"model":"m"}'), chunks = ['data: a\n\n'], end }: Play): void {
  const recording = recorder.begin(request);
  recording.received(body);
  recording.translated(target, 12);
  const sent = Buffer.from(`{"model":"big","note":"${pepper}"}`);
  const call = recording.called(target, {
    operation: 'messages',
    model: 'm',
    stream: false,
    headers: [],
    client: request,
    body: sent,
  });
  call.answered({
    status: 200,
    headers: [
      ['content-type', 'text/event-stream'],
      ['set-cookie', 'hush'],
    ],
  });
  for (const chunk of chunks) call.received(Buffer.from(chunk, 'latin1'));
  if (end !== undefined) call.ended(end);
  recording.ended(recordWithoutModel({ kind: 'completed' }));
}

const request: ServeRequest = {
  requestId: 'req_1',
  principal: {
    kind: 'api-key',
    tenant: 'default',
    apiKeyId: 'key_1',
    apiKeyName: 'laptop',
    userName: undefined,
    expiresAtMs: undefined,
    user: undefined,
    group: undefined,
    waitingWeight: 1,
    authorization: {
      scopes: ['messages'],
      policy: { kind: 'allow-all' },
      limits: [],
      timeZone: 'UTC',
      contact: 'the operators of this gateway',
    },
  },
  prefix: undefined,
  headers: [
    ['x-api-key', 'client-key-1'],
    ['authorization', 'Bearer client-token-1'],
    ['user-agent', 'claude-cli/2.1'],
  ],
  query: '?beta=true',
  takeBody: () => new Uint8Array(),
  receivedAtMs: 0,
  elapsedMs: () => 0,
};

async function recorded(): Promise<readonly { readonly text: string; readonly exchange: Exchange }[]> {
  const names = (await readdir(folder)).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.map((text) => ({ text, exchange: exchangeSchema.parse(JSON.parse(text)) }));
}

test('an exchange is in one file, with the pieces of its answer and without any secret', async () => {
  const log = await openExchangeLog(folder, config);
  const secrets = [
    'sk-provider-0123456789',
    pepper,
    'sealing-0123456789abcdef-012345678',
    'proxy/pass-1',
    'redis-pass-1',
    'client-key-1',
    'client-token-1',
  ];
  const text = `data: ${secrets.join(' ')}\n\n`;
  play(log.recorder(logger), {
    body: Buffer.from(JSON.stringify({ model: 'm', secrets })),
    chunks: [text.slice(0, 20), text.slice(20)],
    end: 'whole',
  });
  await log.close();
  const [file] = await recorded();
  for (const secret of [...secrets, 'hush', 'beta=true']) expect(file?.text).not.toContain(secret);
  expect(file?.exchange).toMatchObject({
    request: {
      provider: 'openai',
      dialect: 'openai-chat',
      profile: 'compatible',
      baseUrl: 'http://127.0.0.1:9/v1',
      model: 'big',
      maxOutputTokens: 4000,
      estimatedInputTokens: 12,
      headers: [['user-agent', 'claude-cli/2.1']],
      body: { model: 'm' },
    },
    upstream: [
      { path: '/chat/completions', status: 200, end: 'whole', chunks: [expect.any(Number), expect.any(Number)] },
    ],
    outcome: { outcome: 'ok', end: 'completed' },
  });
});

test('bytes that are no UTF-8, bodies that are no JSON and JSON of another spelling are kept to the byte', async () => {
  const log = await openExchangeLog(folder, config);
  const recorder = log.recorder(logger);
  play(recorder, { body: Buffer.from('{"model" : "m", "n":1.0}'), chunks: ['\xff\xfe', '\x00'] });
  await log.close();
  const [file] = await recorded();
  expect(file?.exchange.request.body).toBe('{"model" : "m", "n":1.0}');
  const [call] = file?.exchange.upstream ?? [];
  expect(call).toMatchObject({ base64: '//4A', chunks: [2, 1], end: 'open' });
});

test.each([
  ['received', { chunks: ['x'.repeat(5000)] }],
  ['written, because it must be escaped', { chunks: ['\x01'.repeat(900)] }],
])('an exchange that is larger than a file may be when it is %s is kept without its bodies', async (_when, large) => {
  const log = await openExchangeLog(folder, config, { fileMaxBytes: 4000, folderMaxBytes: 100_000 });
  play(log.recorder(logger), large);
  await log.close();
  const [file] = await recorded();
  expect(file?.exchange).toMatchObject({ truncated: true, request: { body: '' } });
  expect(file?.text.length).toBeLessThan(4000);
});

test('the log says at the start that prompts are written, and once that writing fails', async () => {
  const log = await openExchangeLog(folder, config);
  const recorder = log.recorder(logger);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', folder });
  await rm(folder, { recursive: true });
  await writeFile(folder, 'a file in its place');
  for (let count = 0; count < 5; count += 1) play(recorder, {});
  await log.close();
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatch(/an exchange could not be written; requests go on/u);
});
