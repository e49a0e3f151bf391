import { collectFrames, jsonAt } from '@ccg/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { demoEnvironment, demoTurn, startDemoProvider } from './demo.ts';
import type { DemoProvider } from './demo.ts';

function streamedText(body: string): string {
  const chunks = collectFrames(body).filter((frame) => frame.data !== '[DONE]');
  const contents = chunks.map(({ data }) => jsonAt(JSON.parse(data), 'choices', 0, 'delta', 'content'));
  return contents.filter((content) => typeof content === 'string').join('');
}

const bash = [{ function: { name: 'Bash' } }];

describe('demoTurn', () => {
  test('says that it is a demo and repeats what was typed, without reminders', () => {
    const messages = [{ role: 'user', content: '<system-reminder>\nnever shown\n</system-reminder>\nSay hello' }];
    const { content } = demoTurn({ messages });
    expect(content).toContain('This is a demo answer');
    expect(content).toContain('It said: "Say hello"');
    expect(content).not.toContain('never shown');
  });

  test('calls Bash when asked for a tool, and says so', () => {
    const turn = demoTurn({ messages: [{ role: 'user', content: 'please use a tool' }], tools: bash });
    expect(turn.content).toContain('This is a demo answer');
    expect(turn.toolCalls).toEqual([{ name: 'Bash', arguments: expect.stringContaining('echo') }]);
  });

  test('answers a tool result with a text, also where a reminder follows it', () => {
    const messages = [
      { role: 'user', content: 'please use a tool' },
      { role: 'assistant', content: null },
      { role: 'tool', content: 'Hello from the demo' },
      { role: 'user', content: [{ text: '<system-reminder>x</system-reminder>' }] },
    ];
    const turn = demoTurn({ messages, tools: bash });
    expect(turn.toolCalls).toBeUndefined();
    expect(turn.content).toContain('This is a demo answer');
    expect(turn.content).toContain('gave: "Hello from the demo"');
  });
});

describe('startDemoProvider', () => {
  let provider: DemoProvider;

  beforeAll(async () => {
    provider = await startDemoProvider();
  });

  afterAll(() => provider.close());

  test('takes nothing of a real provider from the environment', () => {
    const env = {
      ANTHROPIC_API_KEY: 'sk-ant-real',
      OPENAI_API_KEY: 'sk-real',
      BIG_MODEL: 'gpt-5',
      REDIS_URL: 'redis://production',
      PORT: '4100',
    };
    expect(demoEnvironment(env, provider)).toEqual({
      PORT: '4100',
      OPENAI_BASE_URL: provider.baseUrl,
      BIG_MODEL: 'demo',
      SMALL_MODEL: 'demo',
    });
  });

  test.each([true, false])('answers any chat request, stream %s, on the loopback alone', async (stream) => {
    expect(new URL(provider.baseUrl).hostname).toBe('127.0.0.1');
    const answer = await fetch(`${provider.baseUrl}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'anything', stream, messages: [{ role: 'user', content: 'x' }] }),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain(stream ? 'text/event-stream' : 'application/json');
    expect(stream ? streamedText(await answer.text()) : await answer.text()).toContain('This is a demo answer');
  });
});
