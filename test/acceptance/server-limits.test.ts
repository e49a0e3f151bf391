import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  callTool,
  installClaudeCli,
  jsonScript,
  openAiChatScript,
  openAiChatSseHead,
  playModel,
  runClaude,
  say,
  write,
} from '@ccg/testkit';
import type { ClaudeRun, RecordedRequest } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let binary: string;
let suite: Suite;
let cwd: string;
beforeAll(async () => {
  binary = await installClaudeCli();
  suite = await startSuite('server-limits', { PREFERRED_PROVIDER: 'openai', ANTHROPIC_PROFILE: 'glm' });
}, 600_000);
afterAll(() => suite.close());
beforeEach(async () => {
  suite.upstream.reset();
  cwd = await mkdtemp(join(tmpdir(), 'ccg-work-'));
  return () => rm(cwd, { recursive: true, force: true });
});

const claude = (prefix: string): Promise<ClaudeRun> =>
  runClaude({
    binary,
    baseUrl: suite.gateway.url + prefix,
    apiKey: suite.apiKey,
    via: 'auth-token',
    prompt: 'Go ahead.',
    cwd,
    model: 'claude-opus-5-5',
  });
const sent = (): readonly RecordedRequest[] => suite.upstream.requests.filter(({ method }) => method === 'POST');

const dot = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
/** The bytes after its end make each image another one. */
const imageOf = (index: number): Buffer => Buffer.concat([dot, Buffer.from([index, index, index])]);

/** Which of the images a request holds, in its order. */
function imagesIn(request: RecordedRequest): readonly number[] {
  const texts = Array.from({ length: 7 }, (_, index) => imageOf(index).toString('base64'));
  const found = request.body.toString('utf8').match(/iVBOR[\w+/=]+/gu) ?? [];
  return found.map((base64) => texts.indexOf(base64));
}

test.each([
  ['At most 4 image(s) may be provided in one prompt.', '/openai:vision'],
  ['request contains 6 images, exceeding the maximum of 4 allowed per request', '/anthropic:vision'],
])('a session reads more images than its server takes, which says: %s', async (message, prefix) => {
  const read = (index: number) => callTool(`call_${index}`, 'Read', { file_path: join(cwd, `${index}.png`) });
  for (let index = 0; index < 7; index += 1) await writeFile(join(cwd, `${index}.png`), imageOf(index));
  const play = playModel([
    { content: [read(0), read(1), read(2)] },
    { content: [read(3), read(4), read(5)] },
    { content: [read(6)] },
    { content: [say('Seven dots.')] },
  ]);
  suite.upstream.play((request) =>
    imagesIn(request).length > 4
      ? jsonScript(400, { error: { message, type: 'invalid_request_error' } })
      : play(request),
  );

  const run = await claude(prefix);
  expect(run, run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'Seven dots.' } });
  expect(sent().map(imagesIn)).toEqual([[], [0, 1, 2], [0, 1, 2, 3, 4, 5], [2, 3, 4, 5], [3, 4, 5, 6]]);
});

test('a session outgrows its server, which says so in the first event of a stream', async () => {
  const message = 'Cannot truncate prompt with n_keep (140123) >= n_ctx (131072)';
  const count = (stone: number) => callTool(`call_${stone}`, 'Bash', { command: `echo stone-$((${stone} * 11))` });
  const play = playModel([1, 2, 3, 4].map((stone) => ({ content: [count(stone)] })));
  let hasOverflowed = false;
  suite.upstream.play((request) => {
    const answer = (text: string) => openAiChatScript(request, { content: [say(text)] });
    if (request.body.includes('CRITICAL: Respond with TEXT ONLY')) return answer('<summary>Four stones.</summary>');
    if (hasOverflowed) return answer('All stones are counted.');
    if (!request.body.includes('stone-44')) return play(request);
    hasOverflowed = true;
    return [...openAiChatSseHead(), write(`event: error\ndata: ${JSON.stringify({ error: { message } })}\n\n`)];
  });

  const run = await claude('/openai:small');
  expect(run, run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'All stones are counted.' } });
  // The fifth overflows, the sixth asks for the summary.
  const prompts = sent().map(({ body }) => body.toString('utf8'));
  expect(prompts.map((prompt) => prompt.includes('stone-11'))).toEqual([false, true, true, true, true, true, false]);
  expect(prompts.at(-1)).toContain('Four stones.');
});
