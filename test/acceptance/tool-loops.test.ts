import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  installClaudeCli,
  jsonAt,
  jsonListAt,
  openAiChatFrame,
  openAiChatScript,
  openAiChatSseHead,
  runClaude,
  say,
  write,
} from '@ccg/testkit';
import type { Play } from '@ccg/testkit';
import { expect, test } from 'vitest';

import { startSuite } from './support/start-suite.ts';

/** An answer of one call, with more members beside it. */
function callOf(command: string, members: object): Play {
  const definition = { name: 'Bash', arguments: JSON.stringify({ command }) };
  const call = { index: 0, id: 'call_0', type: 'function', function: definition, ...members };
  const chunk = (delta: unknown, finishReason: string | null = null) =>
    write(openAiChatFrame('m', { choices: [{ index: 0, delta, finish_reason: finishReason }] }));
  return () => [
    ...openAiChatSseHead(),
    chunk({ role: 'assistant', content: null, tool_calls: [call] }),
    chunk({}, 'tool_calls'),
    write(openAiChatFrame('m', { choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } })),
    write('data: [DONE]\n\n'),
  ];
}

const signed = (signature: string) => ({ extra_content: { google: { thought_signature: signature } } });

test.each([
  ['a server that numbers the calls of every answer anew', [{}, {}, {}]],
  ['one that signs its calls and wants the signatures back', [signed('Q2lRQg=='), {}, signed('Zm9v')]],
])('a loop of three calls goes to its end on %s', async (_server, members) => {
  const binary = await installClaudeCli();
  const suite = await startSuite('tool-loops', { PREFERRED_PROVIDER: 'openai' });
  const cwd = await mkdtemp(join(tmpdir(), 'ccg-work-'));
  for (const [index, word] of ['one', 'two', 'three'].entries()) {
    suite.upstream.answer(callOf(`echo ${word} | tee -a said`, members[index] ?? {}));
  }
  suite.upstream.play((request) => openAiChatScript(request, { content: [say('Done.')] }));

  const { apiKey, upstream } = suite;
  const baseUrl = suite.gateway.url;
  const prompt = 'Go.';
  const run = await runClaude({ binary, baseUrl, apiKey, via: 'auth-token', prompt, cwd, model: 'claude-opus-5-5' });
  expect(run, run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'Done.' } });
  expect(await readFile(join(cwd, 'said'), 'utf8')).toBe('one\ntwo\nthree\n');
  const messages = jsonListAt(upstream.requests.at(-1)?.json(), 'messages');
  const calls = messages.flatMap((message) => jsonListAt(message, 'tool_calls'));
  const results = messages.filter((message) => jsonAt(message, 'role') === 'tool');
  expect(results.map((result) => jsonAt(result, 'content'))).toEqual(['one', 'two', 'three']);
  expect(results.map((result) => jsonAt(result, 'tool_call_id'))).toEqual(calls.map((call) => jsonAt(call, 'id')));
  expect(new Set(calls.map((call) => jsonAt(call, 'id'))).size).toBe(3);
  expect(calls.map((call) => ({ extra_content: jsonAt(call, 'extra_content') }))).toEqual(
    members.map((member) => ({ extra_content: jsonAt(member, 'extra_content') })),
  );
  await suite.close();
  await rm(cwd, { recursive: true, force: true });
});
