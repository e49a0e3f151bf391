import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  callTool,
  geminiError,
  installClaudeCli,
  jsonScript,
  playModel,
  runClaude,
  say,
  startScriptedUpstream,
  unreachableUrl,
} from '@ccg/testkit';
import type { ScriptedUpstream } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { expectError } from './support/expect-error.ts';
import { sendRaw } from './support/send-raw.ts';
import type { RawAnswer } from './support/send-raw.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const base = '/v1beta1/projects/my-project-1/locations/us-east5/publishers/google/models/gemini-3-pro';

let vertex: ScriptedUpstream;
let metadata: ScriptedUpstream;
let suite: Suite;
beforeAll(async () => {
  vertex = await startScriptedUpstream();
  metadata = await startScriptedUpstream(giveToken);
  suite = await startVertexSuite('vertex', metadata.url);
}, 60_000);
afterAll(async () => {
  await suite.close();
  await Promise.all([vertex.close(), metadata.close()]);
});
beforeEach(() => {
  vertex.reset();
  vertex.play(playModel([{ content: [say('Fine.')] }]));
});

let tokens = 0;

/** The metadata server of a machine at Google, with tokens that are numbered. */
function giveToken({ path }: { readonly path: string }) {
  if (!path.includes('/token')) return jsonScript(200, {}, { 'metadata-flavor': 'Google' });
  tokens += 1;
  const token = { access_token: `token-${tokens}`, expires_in: 3600, token_type: 'Bearer' };
  return jsonScript(200, token, { 'metadata-flavor': 'Google' });
}

/** Without a home folder nothing of this machine's own login is found. */
function startVertexSuite(name: string, metadataUrl: string): Promise<Suite> {
  return startSuite(name, {
    PREFERRED_PROVIDER: 'gemini',
    USE_VERTEX_AUTH: 'true',
    VERTEX_PROJECT: 'my-project-1',
    VERTEX_LOCATION: 'us-east5',
    VERTEX_API_BASE: vertex.url,
    // Others are not asked for their models by tests.
    MODEL_LIST_INTERVAL_MS: '3600000',
    GCE_METADATA_HOST: new URL(metadataUrl).host,
    HOME: '/nonexistent',
    BIG_MODEL: 'gemini-3-pro',
    SMALL_MODEL: 'gemini-3-pro',
  });
}

function ask({ gateway, apiKey }: Suite, stream = false, path = '/v1/messages'): Promise<RawAnswer> {
  return sendRaw(gateway.url, {
    path,
    headers: [
      ['x-api-key', apiKey],
      ['content-type', 'application/json'],
    ],
    body: JSON.stringify({
      model: 'claude-opus-5-5',
      max_tokens: 64,
      stream,
      messages: [{ role: 'user', content: 'hi' }],
    }),
  });
}

function sent() {
  return vertex.requests.map(({ path, headers }) => [path, headers.authorization]);
}

test('Claude Code runs tools in front of Gemini on Vertex AI', async () => {
  const binary = await installClaudeCli();
  const cwd = await mkdtemp(join(tmpdir(), 'ccg-vertex-'));
  try {
    const file = join(cwd, 'one.txt');
    vertex.play(
      playModel([
        { content: [callTool('call_one', 'Write', { file_path: file, content: 'grüße' })] },
        { content: [say('Done.')] },
      ]),
    );
    const run = await runClaude({
      binary,
      baseUrl: suite.gateway.url,
      apiKey: suite.apiKey,
      via: 'auth-token',
      prompt: 'Go.',
      cwd,
    });
    expect(run, run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'Done.' } });
    expect(await readFile(file, 'utf8')).toBe('grüße');
    const path = `${base}:streamGenerateContent?alt=sse`;
    expect(sent()).toEqual([
      [path, 'Bearer token-1'],
      [path, 'Bearer token-1'],
    ]);
  } finally {
    await rm(cwd, { recursive: true, force: true });
  }
}, 600_000);

test('the token was fetched at start, before a request needed it, and the log says so', async () => {
  const ready = 'credential is ready; the provider has no list of models';
  await suite.gateway.waitForLog(({ provider, msg }) => provider === 'gemini' && msg === ready);
});

test('a token that has expired is renewed, and the client sees nothing of it', async () => {
  const first = tokens;
  vertex.answer(geminiError(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.'));
  const answer = await ask(suite, true);
  expect([answer.status, ...sent().map(([, authorization]) => authorization)]).toEqual([
    200,
    `Bearer token-${first}`,
    `Bearer token-${first + 1}`,
  ]);
});

test('prompts are counted by Vertex AI', async () => {
  vertex.answer(jsonScript(200, { totalTokens: 42 }));
  const answer = await ask(suite, false, '/v1/messages/count_tokens');
  expect(JSON.parse(answer.text)).toEqual({ input_tokens: 42 });
  expect(sent()).toEqual([[`${base}:countTokens`, expect.stringMatching(/^Bearer token-/u)]]);
  expect(vertex.requests[0]?.json()).toMatchObject({ contents: [{ role: 'user' }] });
});

const onProject =
  "Permission 'aiplatform.endpoints.predict' denied on resource '//aiplatform.googleapis.com/projects/my-project-1/locations/us-east5' (or it may not exist).";
const notEnabled = 'Vertex AI API has not been used in project my-project-1 before or it is disabled.';

test.each([
  ['refuses every token', 401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.', /gemini/u],
  [
    'does not know the project',
    403,
    'PERMISSION_DENIED',
    onProject,
    /Google Cloud project \(HTTP 403\).*VERTEX_PROJECT/u,
  ],
  ['is not enabled', 403, 'PERMISSION_DENIED', notEnabled, /an API is not enabled.*VERTEX_PROJECT/u],
])(
  'a Vertex AI that %s is an error of the gateway and never a 401, and the log has its words',
  async (_what, code, status, words, message) => {
    const refusal = geminiError(code, status, words);
    vertex.answer(refusal, refusal);
    const answer = await ask(suite);
    expectError(answer, { status: 500, type: 'api_error', message, headers: { 'x-should-retry': 'false' } });
    expect(answer.text).not.toContain('my-project-1');
    await suite.gateway.waitForLog(({ upstreamMessage }) => upstreamMessage === words);
  },
);

test('without credentials requests fail at once with what to do, and the log says it at start', async () => {
  const lonely = await startVertexSuite('vertex-lonely', await unreachableUrl());
  try {
    const said = /^The gateway has no Google credentials for the provider "gemini"\..*GOOGLE_APPLICATION_CREDENTIALS/u;
    await lonely.gateway.waitForLog(({ msg }) => typeof msg === 'string' && said.test(msg));
    expectError(await ask(lonely), {
      status: 500,
      type: 'api_error',
      message: said,
      headers: { 'x-should-retry': 'false' },
    });
    expect(vertex.requests).toEqual([]);
  } finally {
    await lonely.close();
  }
});
