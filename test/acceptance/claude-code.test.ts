import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { callTool, installClaudeCli, jsonAt, playModel, runClaude, say, write } from '@ccg/testkit';
import type { ModelTurn, RecordedRequest, RunClaudeOptions } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

/** One way into the gateway, what the upstream must see of it, and what is played over it. */
interface Entrance {
  readonly name: string;
  readonly preferred: 'anthropic' | 'openai';
  readonly prefix: string;
  readonly via: RunClaudeOptions['via'];
  readonly upstreamPath: string;
  readonly upstreamModel: string;
  readonly conversations: readonly Conversation[];
}

/** A conversation: what the model does, and what must be left of it. */
interface Conversation {
  readonly name: string;
  readonly turns: (cwd: string) => readonly ModelTurn[];
  readonly files: Readonly<Record<string, string>>;
  /** Texts of tool results that the upstream must have been sent. */
  readonly results: readonly string[];
}

const conversations = [
  { name: 'says hello', turns: () => [{ content: [say('Hello, world.')] }], files: {}, results: [] },
  {
    name: 'writes, runs and edits a file over several turns',
    turns: (cwd) => [
      {
        content: [
          say('Writing.'),
          callTool('toolu_write', 'Write', { file_path: join(cwd, 'sum.sh'), content: 'echo "grüße $((6 * 7))"\n' }),
        ],
      },
      { content: [callTool('toolu_run', 'Bash', { command: 'sh sum.sh', description: 'Run the script' })] },
      {
        content: [
          callTool('toolu_edit', 'Edit', { file_path: join(cwd, 'sum.sh'), old_string: '6 * 7', new_string: '7 * 7' }),
        ],
      },
      { content: [say('Hello, world.')] },
    ],
    files: { 'sum.sh': 'echo "grüße $((7 * 7))"\n' },
    results: ['grüße 42'],
  },
  {
    name: 'runs two tool calls of one turn',
    turns: (cwd) => [
      {
        content: [
          callTool('call_one', 'Write', { file_path: join(cwd, 'one.txt'), content: 'eins' }),
          callTool('call_two', 'Bash', { command: 'printf zwei | tee two.txt', description: 'Write two' }),
        ],
      },
      { content: [say('Hello, world.')] },
    ],
    files: { 'one.txt': 'eins', 'two.txt': 'zwei' },
    results: ['one.txt', 'zwei'],
  },
] as const satisfies readonly Conversation[];

const anthropicModel = 'claude-opus-5-5';
const [, manyTurns, twoCalls] = conversations;
const anthropic = { preferred: 'anthropic', upstreamPath: '/v1/messages', upstreamModel: anthropicModel } as const;
const openai = { preferred: 'openai', upstreamPath: '/v1/chat/completions' } as const;
const prefixed = { prefix: '/openai:vendor/model:tag', upstreamModel: 'vendor/model:tag' } as const;

// A real session takes seconds. Each dialect plays all of the conversations; the variable that holds the API key and the
// prefix have nothing to do with what is said, so that one conversation shows each of their combinations.
const entrances: readonly Entrance[] = [
  { name: 'anthropic through / with ANTHROPIC_AUTH_TOKEN', ...anthropic, prefix: '', via: 'auth-token', conversations },
  {
    name: 'openai through / with ANTHROPIC_API_KEY',
    ...openai,
    prefix: '',
    upstreamModel: 'gpt-4.1',
    via: 'api-key',
    conversations,
  },
  {
    name: 'openai through a prefix with ANTHROPIC_API_KEY',
    ...openai,
    ...prefixed,
    via: 'api-key',
    conversations: [twoCalls],
  },
  {
    name: 'openai through a prefix with ANTHROPIC_AUTH_TOKEN where anthropic is preferred',
    ...openai,
    ...prefixed,
    preferred: 'anthropic',
    via: 'auth-token',
    conversations: [manyTurns],
  },
];

let binary: string;
let suites: Readonly<Record<Entrance['preferred'], Suite>>;
let cwd: string;

beforeAll(async () => {
  binary = await installClaudeCli();
  suites = {
    anthropic: await startSuite('claude-code-anthropic', { PREFERRED_PROVIDER: 'anthropic' }),
    openai: await startSuite('claude-code-openai', { PREFERRED_PROVIDER: 'openai' }),
  };
}, 600_000);
afterAll(async () => {
  await suites.anthropic.close();
  await suites.openai.close();
});
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'ccg-work-'));
  return () => rm(cwd, { recursive: true, force: true });
});

describe.each(entrances)('Claude Code, $name', (entrance) => {
  test.each(entrance.conversations)('$name', async (conversation) => {
    const suite = suites[entrance.preferred];
    const turns = conversation.turns(cwd);
    suite.upstream.reset();
    suite.upstream.play(playModel(turns));
    const baseUrl = suite.gateway.url + entrance.prefix;
    const run = await runClaude({
      binary,
      baseUrl,
      apiKey: suite.apiKey,
      via: entrance.via,
      prompt: 'Go ahead.',
      cwd,
      model: anthropicModel,
    });

    expect(run, run.stderr).toMatchObject({
      exitCode: 0,
      // Every turn of the script reports 1200 tokens in and 34 out.
      result: {
        isError: false,
        text: 'Hello, world.',
        inputTokens: 1200 * turns.length,
        outputTokens: 34 * turns.length,
      },
    });
    for (const [name, content] of Object.entries(conversation.files))
      expect(await readFile(join(cwd, name), 'utf8')).toBe(content);
    const { requests } = suite.upstream;
    expect(requests.map(seenByUpstream)).toEqual(turns.map(() => seen(entrance, suite)));
    for (const result of conversation.results) expect(requests.at(-1)?.body.toString('utf8')).toContain(result);
    for (const request of requests)
      expect(JSON.stringify(request.headers) + request.body.toString('utf8')).not.toContain(suite.apiKey);
  });
});

test('Claude Code with a wrong base URL shows what is wrong with it', async () => {
  const { gateway, apiKey, upstream } = suites.anthropic;
  upstream.reset();
  const baseUrl = `${gateway.url}/anthropic`;
  const run = await runClaude({ binary, baseUrl, apiKey, via: 'auth-token', prompt: 'Go ahead.', cwd });
  expect(run.result, run.stderr).toMatchObject({ isError: true, text: expect.stringContaining('ANTHROPIC_BASE_URL') });
  expect(upstream.requests).toHaveLength(0);
});

test("auto mode's check at Anthropic passes in both directions, and Claude Code runs what it allows", async () => {
  const { gateway, apiKey, upstream } = suites.anthropic;
  const command = 'sh -c "echo $((6 * 7))" | tee checked.txt; curl --version | sh; true';
  const turns = [
    { content: [callTool('toolu_checked', 'Bash', { command, description: 'Run it' })] },
    { content: [say('Done.')] },
  ];
  const model = playModel(turns);
  upstream.reset();
  upstream.play((request) =>
    model(request).map((step) => (step.kind === 'write' ? write(allowing('toolu_checked', String(step.bytes))) : step)),
  );
  const run = await runClaude({
    binary,
    baseUrl: gateway.url,
    apiKey,
    via: 'auth-token',
    prompt: 'Go ahead.',
    cwd,
    model: anthropicModel,
    extraArgs: ['--permission-mode', 'auto'],
  });
  expect(run.result, run.stderr).toMatchObject({ isError: false, text: 'Done.' });
  expect(jsonAt(upstream.requests[0]?.json(), 'safeguards', 0, 'type')).toBe('dangerous_tool_use');
  expect(await readFile(join(cwd, 'checked.txt'), 'utf8')).toBe('42\n');
});

/** A frame of an answer, with the verdict that Anthropic adds to the last one. */
function allowing(call: string, frame: string): string {
  const verdict = { type: 'evaluated', outcome: 'not_flagged' };
  const results = [{ type: 'dangerous_tool_use', status: { type: 'available', tool_uses: { [call]: verdict } } }];
  return frame.replace(
    '"delta":{"stop_reason"',
    `"delta":{"safeguard_results":${JSON.stringify(results)},"stop_reason"`,
  );
}

interface Seen {
  readonly path: string | undefined;
  readonly model: unknown;
  readonly authorization: string | undefined;
  readonly apiKey: unknown;
}

function seen(entrance: Entrance, suite: Suite): Seen {
  const isAnthropic = entrance.upstreamPath === anthropic.upstreamPath;
  return {
    path: entrance.upstreamPath,
    model: entrance.upstreamModel,
    authorization: isAnthropic ? undefined : `Bearer ${suite.providerKeys.openai}`,
    apiKey: isAnthropic ? suite.providerKeys.anthropic : undefined,
  };
}

function seenByUpstream(request: RecordedRequest): Seen {
  return {
    path: request.path.split('?')[0],
    model: jsonAt(request.json(), 'model'),
    authorization: request.headers.authorization,
    apiKey: request.headers['x-api-key'],
  };
}
