import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  anthropicFrame,
  anthropicScript,
  anthropicSseHead,
  installClaudeCli,
  jsonAt,
  jsonListAt,
  jsonTextAt,
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

const done = { content: [say('Done.')] };

/** A whole call and one in whose arguments the token limit fell. */
const dialects = [
  {
    name: 'anthropic',
    cut: (whole: string, half: string): Play => {
      const call = (index: number, id: string, json: string): string[] => [
        anthropicFrame('content_block_start', {
          index,
          content_block: { type: 'tool_use', id, name: 'Bash', input: {} },
        }),
        anthropicFrame('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: json } }),
        anthropicFrame('content_block_stop', { index }),
      ];
      const message = { id: 'msg_1', type: 'message', role: 'assistant', content: [], stop_reason: null };
      const usage = { input_tokens: 10, output_tokens: 5 };
      return () => [
        ...anthropicSseHead(),
        write(anthropicFrame('message_start', { message: { ...message, model: 'claude-opus-5-5', usage } })),
        ...[...call(0, 'call_whole', whole), ...call(1, 'call_cut', half)].map(write),
        write(anthropicFrame('message_delta', { delta: { stop_reason: 'max_tokens', stop_sequence: null }, usage })),
        write(anthropicFrame('message_stop', {})),
      ];
    },
    done: (): Play => (request) => anthropicScript(request, done),
    cutCall: (body: unknown): unknown => {
      const call = jsonAt(body, 'messages', 2, 'content', 1);
      return { id: jsonAt(call, 'id'), input: jsonAt(call, 'input') };
    },
  },
  {
    name: 'openai',
    cut: (whole: string, half: string): Play => {
      const chunk = (delta: unknown, finishReason: string | null = null): string =>
        openAiChatFrame('gpt-4.1', { choices: [{ index: 0, delta, finish_reason: finishReason }] });
      const call = (index: number, id: string, json: string): string =>
        chunk({ tool_calls: [{ index, id, type: 'function', function: { name: 'Bash', arguments: json } }] });
      const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
      return () => [
        ...openAiChatSseHead(),
        ...[call(0, 'call_whole', whole), call(1, 'call_cut', half), chunk({}, 'length')].map(write),
        write(openAiChatFrame('gpt-4.1', { choices: [], usage })),
        write('data: [DONE]\n\n'),
      ];
    },
    done: (): Play => (request) => openAiChatScript(request, done),
    // Servers refuse a history with arguments that are no JSON.
    cutCall: (body: unknown): unknown => {
      const call = jsonListAt(body, 'messages').flatMap((message) => jsonListAt(message, 'tool_calls'))[1];
      return { id: jsonAt(call, 'id'), input: JSON.parse(jsonTextAt(call, 'function', 'arguments')) };
    },
  },
];

// The mock that other suites use mends arguments, so the upstream is our own.
test.each(dialects)('a call that the limit of $name cut is not run, and the model told so', async (dialect) => {
  const binary = await installClaudeCli();
  const suite = await startSuite(`cut-call-${dialect.name}`, { PREFERRED_PROVIDER: dialect.name });
  const cwd = await mkdtemp(join(tmpdir(), 'ccg-work-'));
  const whole = JSON.stringify({ command: `touch ${join(cwd, 'whole')}` });
  const half = `{"description":"Half","command":"touch ${join(cwd, 'half')}; rm`;
  suite.upstream.answer(dialect.cut(whole, half));
  suite.upstream.play(dialect.done());

  const baseUrl = suite.gateway.url;
  const { apiKey } = suite;
  const run = await runClaude({
    binary,
    baseUrl,
    apiKey,
    via: 'auth-token',
    prompt: 'Go.',
    cwd,
    model: 'claude-opus-5-5',
  });
  expect(run, run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'Done.' } });
  expect(await readdir(cwd)).toEqual(['whole']);
  const { requests } = suite.upstream;
  expect(requests).toHaveLength(2);
  expect(dialect.cutCall(requests[1]?.json())).toMatchObject({
    id: 'call_cut',
    input: { __unparsedToolInput: { raw: half } },
  });
  expect(requests[1]?.body.toString('utf8')).toContain('could not be parsed as JSON');
  await suite.close();
  await rm(cwd, { recursive: true, force: true });
});
