import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installClaudeCli, jsonAt, jsonListAt, jsonTextAt } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { agentDialects } from './support/agent-dialects.ts';
import { loadAgentSdk } from './support/load-agent-sdk.ts';
import type { AgentSdk } from './support/load-agent-sdk.ts';
import { startMockModel } from './support/start-mock-model.ts';
import type { MockModel } from './support/start-mock-model.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';
import { weighTheStone } from './support/weigh-the-stone.ts';

let binary: string;
let sdk: AgentSdk;
let mock: MockModel;
let folder: string;
beforeAll(async () => {
  binary = await installClaudeCli();
  sdk = loadAgentSdk(binary);
  mock = await startMockModel();
  folder = await mkdtemp(join(tmpdir(), 'ccg-agent-'));
}, 600_000);
afterAll(async () => {
  await mock.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

interface Question {
  readonly suite: Suite;
  /** Behind the base URL. */
  readonly prefix: string;
  readonly prompt: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

async function ask({ suite, prefix, prompt, options }: Question): Promise<unknown[]> {
  const weigh = sdk.tool('weigh', 'Weighs the stone.', {}, () =>
    Promise.resolve({ content: [{ type: 'text', text: '42 grams' }] }),
  );
  const abortController = new AbortController();
  const timer = setTimeout(() => {
    abortController.abort();
  }, 60_000);
  const messages: unknown[] = [];
  const session = sdk.query({
    prompt,
    options: {
      abortController,
      cwd: folder,
      model: 'claude-opus-5-5',
      pathToClaudeCodeExecutable: binary,
      permissionMode: 'bypassPermissions',
      allowDangerouslySkipPermissions: true,
      includePartialMessages: true,
      maxTurns: 12,
      mcpServers: { stones: sdk.createSdkMcpServer({ name: 'stones', tools: [weigh] }) },
      // The whole environment: the SDK inherits nothing when it is given one.
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        IS_SANDBOX: '1',
        DISABLE_AUTOUPDATER: '1',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        CLAUDE_CODE_MAX_RETRIES: '1',
        ANTHROPIC_BASE_URL: suite.gateway.url + prefix,
        ANTHROPIC_AUTH_TOKEN: suite.apiKey,
      },
      ...options,
    },
  });
  for await (const message of session) messages.push(message);
  clearTimeout(timer);
  return messages;
}

/** What partial messages add up to, one entry per block, in order. */
function assemble(messages: readonly unknown[]): unknown[] {
  const blocks: { type: string; text: string }[] = [];
  for (const message of messages) {
    const event = jsonAt(message, 'event');
    if (jsonAt(event, 'type') === 'content_block_start')
      blocks.push({ type: jsonTextAt(event, 'content_block', 'type'), text: '' });
    const last = blocks.at(-1);
    if (jsonAt(event, 'type') !== 'content_block_delta' || last === undefined) continue;
    const delta = jsonAt(event, 'delta');
    last.text += jsonTextAt(delta, 'text') + jsonTextAt(delta, 'thinking') + jsonTextAt(delta, 'partial_json');
  }
  // State that a backend wants back shows nothing.
  const visible = blocks.filter(({ type }) => type !== 'redacted_thinking');
  return visible.map(({ type, text }) => [type, type === 'tool_use' ? JSON.parse(text) : text]);
}

describe.each(agentDialects)(
  'the Agent SDK in front of $dialect',
  ({ dialect, name, model, thought, path, env, written }) => {
    let suite: Suite;
    beforeAll(async () => {
      suite = await startSuite(`agent-sdk-${dialect}`, env(mock.traffic.url));
    });
    afterAll(() => suite.close());

    test.each([
      { way: 'by the environment', prefix: '' },
      { way: 'by the URL', prefix: `/${name}:${model}` },
    ])(
      'finishes a task with tools of the client and of the application, and goes on with it in another process, chosen $way',
      async ({ prefix }) => {
        const file = join(folder, `${dialect}${prefix === '' ? '' : '-by-url'}.txt`);
        mock.play(weighTheStone(file, thought));

        const task = await ask({ suite, prefix, prompt: 'Weigh the stone.' });
        expect(task.at(-1)).toMatchObject({
          subtype: 'success',
          is_error: false,
          result: 'It weighs 42 grams.',
          // The mock's Ollama counts nothing, so the gateway estimates the prompt.
          usage: name === 'ollama' ? {} : { input_tokens: 3000, output_tokens: 60 },
        });
        expect(Number(jsonAt(task.at(-1), 'usage', 'input_tokens'))).toBeGreaterThan(0);
        expect(await readFile(file, 'utf8')).toBe('grüße 石');
        expect(assemble(task)).toEqual([
          ...(thought === undefined ? [] : [['thinking', thought]]),
          ['text', 'Two things at once.'],
          ['tool_use', { file_path: file, content: 'grüße 石' }],
          ['tool_use', { query: 'select:mcp__stones__weigh' }],
          ['tool_use', {}],
          ['text', 'It weighs 42 grams.'],
        ]);

        const more = await ask({
          suite,
          prefix,
          prompt: 'And now?',
          options: { resume: jsonTextAt(task.at(-1), 'session_id') },
        });
        expect(more.at(-1)).toMatchObject({ is_error: false, result: 'Still 42 grams.' });
        const exchanges = mock.traffic.exchanges.filter((exchange) => exchange.path !== '/api/show');
        expect(exchanges.map((exchange) => [exchange.path.split('?')[0], exchange.status])).toEqual(
          Array.from({ length: 4 }, () => [path, 200]),
        );
        const sent = jsonListAt(exchanges.at(-1)?.body, 'messages');
        const answered = sent.slice(sent.findIndex((message) => jsonAt(message, 'role') === 'assistant'));
        if (written !== undefined) expect(answered).toMatchObject(written(file));
      },
    );
  },
);
