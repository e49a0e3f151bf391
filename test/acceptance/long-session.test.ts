import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installClaudeCli, jsonAt, jsonListAt, runClaude } from '@ccg/testkit';
import type { ClaudeRun } from '@ccg/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { dialects } from './support/long-session-dialects.ts';
import type { SessionDialect } from './support/long-session-dialects.ts';
import { recordTraffic } from './support/record-traffic.ts';
import type { Exchange, TrafficRecorder } from './support/record-traffic.ts';
import { mockCall, mockUsage, startMockModel } from './support/start-mock-model.ts';
import type { MockModel, MockRequest } from './support/start-mock-model.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const pdf = Buffer.from(
  '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n' +
    '3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
).toString('base64');

const usage = mockUsage(1000, 20);

let binary: string;
let mock: MockModel;
beforeAll(async () => {
  binary = await installClaudeCli();
  mock = await startMockModel();
}, 600_000);
afterAll(() => mock.close());

/** The ids of all calls that have a result. */
function toolResults({ messages }: MockRequest): readonly string[] {
  return messages.flatMap((message) => (message.role === 'tool' ? [message.tool_call_id ?? ''] : []));
}

function everythingSaid(request: MockRequest): string {
  return JSON.stringify(request.messages);
}

function messagesFromFirstAnswer(exchange: Exchange | undefined): readonly unknown[] {
  const messages = jsonListAt(exchange?.body, 'messages');
  return messages.slice(messages.findIndex((message) => jsonAt(message, 'role') === 'assistant'));
}

/** The same of a conversation as the backend gets it. */
function sentFromFirstAnswer(
  exchange: Exchange | undefined,
  { history, isOfModel }: SessionDialect,
): readonly unknown[] {
  const entries = history(exchange?.body);
  return entries.slice(entries.findIndex(isOfModel));
}

/** Claude Code shows 6,950 to 7,049 tokens as 7k, without a decimal. */
function asShown(tokens: number): string {
  const format = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
  return format.format(tokens).toLowerCase();
}

describe.each(dialects)('Claude Code in front of $name', (dialect) => {
  let suite: Suite;
  /** Between Claude Code and the gateway. */
  let front: TrafficRecorder;
  let cwd: string;
  let home: string;
  beforeAll(async () => {
    const { url } = mock.traffic;
    suite = await startSuite(`long-session-${dialect.name}`, {
      OPENAI_BASE_URL: `${url}/v1`,
      ANTHROPIC_API_BASE: url,
      ...dialect.env(url),
    });
    front = await recordTraffic(suite.gateway.url);
  });
  afterAll(async () => {
    await front.close();
    await suite.close();
  });
  beforeEach(async () => {
    front.reset();
    cwd = await mkdtemp(join(tmpdir(), 'ccg-work-'));
    home = await mkdtemp(join(tmpdir(), 'ccg-home-'));
    return async () => {
      for (const folder of [cwd, home]) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    };
  });

  const claude = (prompt: string, extraArgs: readonly string[] = []): Promise<ClaudeRun> =>
    runClaude({
      binary,
      baseUrl: front.url,
      apiKey: suite.apiKey,
      via: 'auth-token',
      prompt,
      cwd,
      home,
      model: 'claude-opus-5-5',
      extraArgs,
    });
  const sentUpstream = (): readonly unknown[] =>
    mock.traffic.exchanges.map(({ path, status }) => [path.split('?')[0], status]);

  test('reads an image and a PDF at once, thinking before and after', async () => {
    const image = join(cwd, 'dot.png');
    const page = join(cwd, 'page.pdf');
    await writeFile(image, png, 'base64');
    await writeFile(page, pdf, 'base64');
    mock.play((request) => {
      const known = toolResults(request).length;
      const reads = [
        mockCall('call_image', 'Read', { file_path: image }),
        mockCall('call_page', 'Read', { file_path: page }),
      ];
      if (known === 0) return { content: 'I look.', reasoning: 'Both at once.', toolCalls: reads, usage };
      const count = mockCall('call_count', 'Bash', { command: 'echo $((6 * 7))', description: 'Count' });
      if (known === 2) return { reasoning: 'Now I count.', toolCalls: [count], usage };
      return { content: 'A dot and a page.', usage };
    });

    const run = await claude('Look at both files.');
    expect(run, run.stderr).toMatchObject({
      exitCode: 0,
      result: { isError: false, text: 'A dot and a page.', inputTokens: 3000, outputTokens: 60 },
    });
    expect(sentUpstream()).toEqual(Array.from({ length: 3 }, () => [dialect.path, 200]));
    expect(sentFromFirstAnswer(mock.traffic.exchanges.at(-1), dialect)).toMatchObject(
      dialect.looked({ image, page, png, pdf }),
    );
    // The client keeps both turns' thinking, each with the signature that it was given.
    const thoughts = messagesFromFirstAnswer(front.exchanges.at(-1)).flatMap((message) =>
      jsonListAt(message, 'content').filter((block) => jsonAt(block, 'type') === 'thinking'),
    );
    expect(thoughts).toEqual([
      { type: 'thinking', thinking: 'Both at once.', signature: dialect.signature() },
      { type: 'thinking', thinking: 'Now I count.', signature: dialect.signature() },
    ]);
  });

  test('goes on with a session in another process, by its id and as the last one', async () => {
    mock.play(({ messages }) => ({ content: `Answer ${messages.filter(({ role }) => role === 'assistant').length}.` }));

    const first = await claude('Keep the blue stone.');
    const sessionId = first.result?.sessionId ?? '';
    const second = await claude('Which stone?', ['--resume', sessionId]);
    const third = await claude('Are you sure?', ['--continue']);
    expect([first, second, third].map(({ result }) => [result?.text, result?.sessionId])).toEqual([
      ['Answer 0.', sessionId],
      ['Answer 1.', sessionId],
      ['Answer 2.', sessionId],
    ]);
    expect(sentFromFirstAnswer(mock.traffic.exchanges.at(-1), dialect)).toMatchObject(dialect.resumed);
    // What the backend has seen before comes again unchanged, or its cache of the prompt is worth nothing.
    const [one = [], two = [], three = []] = mock.traffic.exchanges.map(({ body }) => dialect.cacheable(body));
    expect([two.slice(0, one.length), three.slice(0, two.length)]).toEqual([one, two]);
  });

  test.each(dialect.overflows)(
    'compacts and goes on after an overflow in the words of $by',
    async ({ tokens, turn }) => {
      let overflowed = false;
      mock.play((request) => {
        if (everythingSaid(request).includes('CRITICAL: Respond with TEXT ONLY'))
          return { content: '<summary>Four stones were counted.</summary>', usage };
        const step = toolResults(request).length + 1;
        if (overflowed) return { content: 'All stones are counted.', usage };
        if (step === 5) {
          overflowed = true;
          return turn;
        }
        return {
          toolCalls: [mockCall(`call_${step}`, 'Bash', { command: `echo stone-${step}-$((${step} * 11))` })],
          usage,
        };
      });

      const run = await claude('Count the stones.');
      expect(run, run.stderr).toMatchObject({
        exitCode: 0,
        result: { isError: false, text: 'All stones are counted.' },
      });
      expect(sentUpstream()).toEqual([200, 200, 200, 200, 400, 200, 200].map((status) => [dialect.path, status]));
      const refused = front.exchanges.filter(({ status }) => status !== 200);
      expect(refused.map(({ status, answer }) => [status, jsonAt(JSON.parse(answer), 'error')])).toEqual([
        [400, { type: 'invalid_request_error', message: `prompt is too long: ${tokens} tokens > 131072 maximum` }],
      ]);
      const last = JSON.stringify(dialect.history(mock.traffic.exchanges.at(-1)?.body));
      expect(last).toContain('Four stones were counted.');
      expect(last).not.toContain('stone-1-11');
    },
  );

  test('lets a sub-agent work in a conversation of its own', async () => {
    mock.play((request) => {
      const said = everythingSaid(request);
      if (toolResults(request).includes('call_agent')) return { content: 'Both of us are done.', usage };
      if (!said.includes('Delegate it.')) return { content: 'The stone is blue.', usage };
      const input = {
        description: 'Look at the stone',
        prompt: 'Say which colour the stone has.',
        subagent_type: 'general-purpose',
        run_in_background: false,
      };
      return { toolCalls: [mockCall('call_agent', 'Agent', input)], usage };
    });

    const run = await claude('Delegate it.');
    expect(run, run.stderr).toMatchObject({ exitCode: 0, result: { isError: false, text: 'Both of us are done.' } });
    expect(sentUpstream()).toEqual(Array.from({ length: 3 }, () => [dialect.path, 200]));
    const [, ofAgent, last] = mock.traffic.exchanges;
    expect(front.exchanges.map(({ headers }) => headers['x-claude-code-agent-id'] !== undefined)).toEqual([
      false,
      true,
      false,
    ]);
    const itsMessages = JSON.stringify(dialect.history(ofAgent?.body));
    expect(itsMessages).toContain('Say which colour the stone has.');
    expect(itsMessages).not.toContain('Delegate it.');
    expect(JSON.stringify(sentFromFirstAnswer(last, dialect).at(-1))).toMatch(/call_agent.*The stone is blue\./u);
  });

  test('shows its context by counts, without asking the model anything', async () => {
    mock.play(() => ({ content: 'Noted.', usage }));
    const first = await claude('Keep the blue stone.');
    mock.traffic.reset();
    front.reset();

    const run = await claude('/context', ['--resume', first.result?.sessionId ?? '']);
    expect(run.result, run.stderr).toMatchObject({ isError: false, turns: 0 });
    // The parts of the system prompt, then the tools together and one by one.
    expect(front.exchanges.length).toBeGreaterThan(20);
    const counts = front.exchanges.map(({ path, status, answer }) => {
      expect([path, status], answer).toEqual(['/v1/messages/count_tokens?beta=true', 200]);
      return Number(jsonAt(JSON.parse(answer), 'input_tokens'));
    });
    expect(sentUpstream()).toEqual(dialect.counts(counts, sentUpstream()));
    const ofSystemPrompt = counts.filter((_count, index) => {
      const body = front.exchanges[index]?.body;
      return jsonListAt(body, 'tools').length === 0 && jsonAt(body, 'messages', 0, 'content') !== 'foo';
    });
    const tokens = ofSystemPrompt.reduce((sum, count) => sum + count, 0);
    expect(run.result?.text).toContain(`| System prompt | ${asShown(tokens)} |`);
  });
});
