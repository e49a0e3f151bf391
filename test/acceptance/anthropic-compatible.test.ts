import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installClaudeCli, jsonAt, jsonListAt, runClaude } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { recordTraffic } from './support/record-traffic.ts';
import type { TrafficRecorder } from './support/record-traffic.ts';
import { mockCall, mockUsage, startMockModel } from './support/start-mock-model.ts';
import type { MockModel, MockRequest, MockTurn } from './support/start-mock-model.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const usage = mockUsage(1000, 20);
const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } };
const result = (id: string, content: unknown): unknown => ({ type: 'tool_result', tool_use_id: id, content });
const failed = (content: string): unknown => ({ ...Object(result('call_fail', content)), is_error: true });

interface CompatibleServer {
  readonly profile: string;
  /** What follows the first answer's calls, message by message. */
  readonly results: readonly unknown[];
  readonly failure: unknown;
  /** In the log lines of requests with the image; undefined where nothing is to be warned of. */
  readonly warning: string | undefined;
}

const servers: readonly CompatibleServer[] = [
  {
    profile: 'ollama',
    results: [[result('call_image', '[image: attachment 1 below]')], [image]],
    failure: failed('Error: Exit code 3'),
    warning: undefined,
  },
  {
    profile: 'deepseek',
    results: [[result('call_image', '[image left out: this model cannot read images]')]],
    failure: failed('Exit code 3'),
    warning: 'messages.3.content.0.content.0 unsupported',
  },
];

let binary: string;
let mock: MockModel;
let cwd: string;
beforeAll(async () => {
  binary = await installClaudeCli();
  mock = await startMockModel();
  cwd = await mkdtemp(join(tmpdir(), 'ccg-compatible-'));
  await writeFile(join(cwd, 'dot.png'), Buffer.from(png, 'base64'));
}, 600_000);
afterAll(async () => {
  await mock.close();
  await rm(cwd, { recursive: true, force: true });
});

/** Looks at an image, fails at a command, and answers. */
function look({ messages }: MockRequest): MockTurn {
  const results = messages.filter(({ role }) => role === 'tool').length;
  if (results === 0) {
    return {
      reasoning: 'I look.',
      toolCalls: [mockCall('call_image', 'Read', { file_path: join(cwd, 'dot.png') })],
      usage,
    };
  }
  const fail = mockCall('call_fail', 'Bash', { command: 'exit 3', description: 'Fail' });
  return results === 1 ? { toolCalls: [fail], usage } : { content: 'One dot.', usage };
}

describe.each(servers)('Claude Code in front of what answers as $profile does', (server) => {
  let suite: Suite;
  /** Between Claude Code and the gateway. */
  let front: TrafficRecorder;
  beforeAll(async () => {
    const { profile } = server;
    suite = await startSuite(`compatible-${profile}`, {
      PREFERRED_PROVIDER: 'anthropic',
      ANTHROPIC_API_BASE: mock.traffic.url,
      ANTHROPIC_PROFILE: profile,
      BIG_MODEL: 'their-model',
      SMALL_MODEL: 'their-model',
    });
    front = await recordTraffic(suite.gateway.url);
  });
  afterAll(async () => {
    await front.close();
    await suite.close();
  });

  test('finishes a task, and the server is sent only what it reads', async () => {
    mock.play(look);
    const { url: baseUrl } = front;
    const run = await runClaude({ binary, baseUrl, apiKey: suite.apiKey, via: 'auth-token', prompt: 'Look.', cwd });
    expect(run, run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'One dot.', turns: 3 } });
    const { exchanges } = mock.traffic;
    expect(exchanges.map(({ path, status }) => [path.split('?')[0], status])).toEqual(
      Array.from({ length: 3 }, () => ['/v1/messages', 200]),
    );
    const body = exchanges[2]?.body;
    expect(exchanges[2]?.headers['anthropic-beta']).toBeUndefined();
    expect(Object.keys(Object(body)).toSorted()).toEqual(
      expect.not.arrayContaining(['metadata', 'context_management']),
    );
    expect(jsonAt(body, 'thinking', 'type')).toBe('enabled');
    const messages = jsonListAt(body, 'messages');
    const first = messages.findIndex((message) => jsonAt(message, 'role') === 'assistant');
    const { length } = server.results;
    expect(messages.slice(first + 1, first + 1 + length).map((message) => jsonAt(message, 'content'))).toEqual(
      server.results,
    );
    expect(messages[first + length + 2]).toEqual({ role: 'user', content: [server.failure] });
    // The start of a stream has the gateway's own count, where it was there in time: those of such servers are guesses.
    const starts = front.exchanges.map(({ answer }) => Number(/"usage":\{"input_tokens":(\d+)/u.exec(answer)?.[1]));
    expect(Math.max(...starts)).toBeGreaterThan(1000);
    const lines = suite.gateway.logs().flatMap((line) => line['warnings'] ?? []);
    expect(lines.every((warning) => warning === server.warning)).toBe(true);
    if (server.warning !== undefined) {
      await suite.gateway.waitForLog((line) => JSON.stringify(line['warnings']) === JSON.stringify([server.warning]));
    }
  });
});
