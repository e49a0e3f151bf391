import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConcurrencyRule } from '@ccg/kernel';
import { systemActor, updateTenant } from '@ccg/tenancy';
import {
  anthropicScript,
  callTool,
  createGate,
  doneValue,
  installClaudeCli,
  jsonAt,
  runClaude,
  say,
  waitFor,
} from '@ccg/testkit';
import type { Gate, ModelTurn, RecordedRequest } from '@ccg/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { expectError } from './support/expect-error.ts';
import { openStream } from './support/open-stream.ts';
import { recordTraffic } from './support/record-traffic.ts';
import { sendRaw } from './support/send-raw.ts';
import type { RawAnswer } from './support/send-raw.ts';
import { startSuite } from './support/start-suite.ts';
import type { Suite } from './support/start-suite.ts';

let suite: Suite;
let gate: Gate;

beforeEach(async () => {
  gate = createGate();
  suite = await startSuite('waiting', env);
});
const env = { PREFERRED_PROVIDER: 'anthropic', STREAM_HOLD_MS: '100', PING_INTERVAL_MS: '200' };
afterEach(async () => {
  gate.open();
  await suite.close();
});

/** An API key of a tenant that runs so many requests at a time. */
async function limitedTo(amount: number, changes: Partial<ConcurrencyRule> = {}): Promise<string> {
  const limits = [{ level: 'tenant', kind: 'concurrency', amount, ...changes } as const];
  doneValue(await updateTenant(suite.tenancy, systemActor('suite'), { tenant: suite.tenant, limits }));
  return suite.issueApiKey('limited');
}

const messageOf = (stream: boolean) => ({
  model: 'claude-opus-5-5',
  max_tokens: 8,
  stream,
  messages: [{ role: 'user', content: 'hi' }],
});

async function ask(apiKey: string): Promise<RawAnswer> {
  const headers = [
    ['x-api-key', apiKey],
    ['content-type', 'application/json'],
  ] as const;
  return sendRaw(suite.gateway.url, { headers, body: JSON.stringify(messageOf(false)) });
}

/** Takes the one place, until the gate opens. */
async function occupy(apiKey: string): Promise<{ running: Promise<RawAnswer> }> {
  suite.upstream.play((request) => [waitFor(gate.opened), ...anthropicScript(request, { content: [say('fine')] })]);
  const running = ask(apiKey);
  await suite.upstream.request(0);
  return { running };
}

const crowded = { status: 429, type: 'rate_limit_error', headers: { 'retry-after': '5' } } as const;

describe('a request that finds as many running as may', () => {
  test('waits for the end of one, on a stream with its status and pings meanwhile', async () => {
    const apiKey = await limitedTo(1);
    const { running } = await occupy(apiKey);
    const stream = await openStream(`${suite.gateway.url}/v1/messages`, apiKey, messageOf(true));
    expect(stream.status).toBe(200);
    await stream.readUntil((text) => text.split('event: ping').length > 2);
    expect(suite.upstream.requests).toHaveLength(1);
    gate.open();
    expect((await running).status).toBe(200);
    const events = (await stream.frames()).map(({ event }) => event);
    expect([events[0], events.at(-1)]).toEqual(['ping', 'message_stop']);
  });

  test('is refused when it has waited for as long as it may: by a 429, after the status by an error event', async () => {
    const apiKey = await limitedTo(1, { maxWaitSeconds: 1 });
    await occupy(apiKey);
    const stream = await openStream(`${suite.gateway.url}/v1/messages`, apiKey, messageOf(true));
    expectError(await ask(apiKey), {
      ...crowded,
      message:
        /^Concurrency limit: 1 requests at a time for tenant \S+\. None of them ended within 1 s\. Retry in 5 s\.$/u,
    });
    const last = (await stream.frames()).at(-1);
    expect(last?.event).toBe('error');
    expect(jsonAt(JSON.parse(last?.data ?? ''), 'error', 'type')).toBe('overloaded_error');
  });

  test('is refused at once where as many wait as may', async () => {
    const apiKey = await limitedTo(1, { maxWaiting: 1 });
    await occupy(apiKey);
    const stream = await openStream(`${suite.gateway.url}/v1/messages`, apiKey, messageOf(true));
    expectError(await ask(apiKey), { ...crowded, message: /Too many requests wait already\. Retry in 5 s\.$/u });
    stream.leave();
  });

  test('is refused at once where its body has no room in MAX_WAITING_BYTES', async () => {
    await suite.close();
    suite = await startSuite('waiting-bytes', { ...env, MAX_WAITING_BYTES: '10' });
    const apiKey = await limitedTo(1);
    await occupy(apiKey);
    expectError(await ask(apiKey), { ...crowded, message: /Too many requests wait already\. Retry in 5 s\.$/u });
  });

  test('gives up its place in the queue when its client leaves', async () => {
    const apiKey = await limitedTo(1, { maxWaiting: 1 });
    await occupy(apiKey);
    const leaving = await openStream(`${suite.gateway.url}/v1/messages`, apiKey, messageOf(true));
    leaving.leave();
    await expect
      .poll(
        async () => {
          const next = await openStream(`${suite.gateway.url}/v1/messages`, apiKey, messageOf(true));
          next.leave();
          return next.status;
        },
        { timeout: 10_000 },
      )
      .toBe(200);
  });
});

const agents = ['one', 'two', 'three', 'four'];

/** The main conversation sends four agents at once; each of them says which one it is. */
function turnFor(text: string): ModelTurn {
  const agent = agents.find((name) => text.includes(`You are agent ${name}.`));
  if (text.includes('Delegate it.')) {
    if (text.includes('call_four')) return { content: [say('All four are done.')] };
    const input = { subagent_type: 'general-purpose', run_in_background: false };
    return {
      content: agents.map((name) =>
        callTool(`call_${name}`, 'Agent', { ...input, description: name, prompt: `You are agent ${name}.` }),
      ),
    };
  }
  return { content: [say(`Here is ${agent ?? 'nobody'}.`)] };
}

test('four sub-agents of Claude Code at once, of which two may run, all finish without a 429', async () => {
  const binary = await installClaudeCli();
  const cwd = await mkdtemp(join(tmpdir(), 'ccg-waiting-'));
  const apiKey = await limitedTo(2);
  const front = await recordTraffic(suite.gateway.url);
  const ofAgents = () => front.exchanges.filter(({ headers }) => headers['x-claude-code-agent-id'] !== undefined);
  let [running, most, asked] = [0, 0, 0];
  /** All four are at the gateway, and two of them are answered for so long that a third one would be seen. */
  async function worked(): Promise<void> {
    while (asked < 2 || ofAgents().length < agents.length) await delay(20);
    await delay(300);
  }
  suite.upstream.play((request: RecordedRequest) => {
    const text = request.body.toString('utf8');
    running += 1;
    most = Math.max(most, running);
    const isAgent = !text.includes('Delegate it.');
    if (isAgent) asked += 1;
    const answered = (isAgent ? worked() : Promise.resolve()).then(() => {
      running -= 1;
    });
    return [waitFor(answered), ...anthropicScript(request, turnFor(text))];
  });
  const run = await runClaude({
    binary,
    baseUrl: front.url,
    apiKey,
    via: 'auth-token',
    prompt: 'Delegate it.',
    cwd,
    timeoutMs: 120_000,
  });
  expect(run.result, run.stderr + run.stdout).toMatchObject({ isError: false, text: 'All four are done.' });
  expect(ofAgents().map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(front.exchanges.filter(({ status }) => status !== 200)).toEqual([]);
  expect(most).toBe(2);
  await front.close();
  await rm(cwd, { recursive: true, force: true });
});
