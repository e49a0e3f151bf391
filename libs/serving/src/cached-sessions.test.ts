import { noUsage } from '@ccg/wire';
import { expect, test } from 'vitest';
import { ada, pricedTarget } from '../test/limited-caller.ts';
import { createCachedSessions } from './cached-sessions.ts';
import type { SessionPrompt } from './cached-sessions.ts';
import { nameOf } from './record.ts';
import type { RequestRecord } from './record.ts';

const target = pricedTarget();
const secondMs = 1000;

function prompt(change: Partial<SessionPrompt> = {}): SessionPrompt {
  return {
    principal: ada([]),
    client: { session: 's1', agent: undefined },
    bodyBytes: 4000,
    receivedAtMs: 0,
    ...change,
  };
}

function reported(
  [inputTokens, cacheReadTokens, cacheWriteTokens]: readonly [number, number, number],
  change: Partial<RequestRecord> = {},
): Pick<RequestRecord, 'attempts' | 'usage' | 'usageSource'> {
  const attempt = { target: nameOf(target), outcome: 'ok' } as RequestRecord['attempts'][number];
  const usage = { ...noUsage, inputTokens, cacheReadTokens, cacheWriteTokens };
  return { attempts: [attempt], usage, usageSource: 'reported', ...change };
}

/** A session whose cache had 80 % of its first warm prompt, and 90 % of the next one, which was all kept. */
function warmSession() {
  const sessions = createCachedSessions();
  sessions.learn(prompt(), reported([0, 0, 1000]));
  sessions.learn(prompt(), reported([0, 800, 200]));
  sessions.learn(prompt(), reported([0, 900, 100]));
  return sessions;
}

test('nothing is expected of a cache until it had a part of two prompts of the session in a row', () => {
  const sessions = createCachedSessions();
  const shares = [
    [0, 0, 1000],
    [0, 900, 100],
    [0, 800, 200],
    [0, 900, 100],
    [1000, 0, 0],
    [0, 900, 100],
  ].map(([input = 0, read = 0, written = 0]) => {
    const share = sessions.shareOf(prompt(), target);
    sessions.learn(prompt(), reported([input, read, written]));
    return share;
  });
  expect(shares).toEqual([0, 0, 0, 0.8, 0.8, 0]);
});

test('what is new in a longer prompt is in no cache, nor what the last one did not leave there', () => {
  expect(warmSession().shareOf(prompt({ bodyBytes: 4400 }), target)).toBe(0.8);
  expect(warmSession().shareOf(prompt({ bodyBytes: 8000 }), target)).toBe(0.5);
  const sessions = warmSession();
  sessions.learn(prompt(), reported([200, 800, 0]));
  expect(sessions.shareOf(prompt({ bodyBytes: 6400 }), target)).toBe(0.5);
});

test('a prompt that is shorter than the last one was written anew', () => {
  expect(warmSession().shareOf(prompt({ bodyBytes: 3999 }), target)).toBe(0);
});

test('nothing is expected after a pause in which a cache may have forgotten', () => {
  const sessions = warmSession();
  expect(sessions.shareOf(prompt({ receivedAtMs: 240 * secondMs }), target)).toBe(0.8);
  expect(sessions.shareOf(prompt({ receivedAtMs: 241 * secondMs }), target)).toBe(0);
});

test.each<[string, Partial<SessionPrompt>]>([
  ['session', { client: { session: 's2', agent: undefined } }],
  ['sub-agent', { client: { session: 's1', agent: 'a1' } }],
  ['user', { principal: ada([], { user: 'usr_bob' }) }],
  ['tenant', { principal: ada([], { tenant: 'other' }) }],
  ['request without a session', { client: { session: undefined, agent: undefined } }],
])('what is known of one session is not expected of another %s', (_what, change) => {
  expect(warmSession().shareOf(prompt(change), target)).toBe(0);
});

test('what is known of one model is not expected of another', () => {
  expect(warmSession().shareOf(prompt(), pricedTarget('claude-haiku-4-5'))).toBe(0);
});

test.each<[string, Partial<RequestRecord>]>([
  ['estimated', { usageSource: 'estimated' }],
  ['asked of nobody', { attempts: [] }],
  ['of no tokens', { usage: noUsage }],
])('nothing is learned from usage that was %s', (_what, change) => {
  const sessions = warmSession();
  sessions.learn(prompt({ bodyBytes: 9000 }), reported([1000, 0, 0], change));
  expect(sessions.shareOf(prompt(), target)).toBe(0.8);
});

test('ten thousand sessions are remembered, and those that spoke last', () => {
  const sessions = createCachedSessions();
  const of = (at: number) => prompt({ client: { session: `s${at}`, agent: undefined } });
  for (let at = 0; at < 10_001; at += 1) {
    sessions.learn(of(at), reported([0, 900, 100]));
    sessions.learn(of(at), reported([0, 900, 100]));
  }
  expect([0, 1, 10_000].map((at) => sessions.shareOf(of(at), target))).toEqual([0, 0.9, 0.9]);
});
