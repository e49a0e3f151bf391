import { expect, test, vi } from 'vitest';
import { createLogger } from './logger.ts';
import { createPlainLogger } from './plain-lines.ts';

const shared = { tenant: 'acme "east"', stream: true, user: undefined };
const members = {
  requestId: 'req_1',
  session: undefined,
  text: 'quotes ", back\\slash, line\nend, \u001b[31m, \ud800 and é',
  inputTokens: 12,
  firstEventMs: 0.4,
  ratio: Number.NaN,
  retriedAfter: ['upstream_5xx', 'ok'],
};

test.each([
  ['with members of every kind', members],
  ['with an error', { ...members, err: new Error('failed', { cause: new Error('below') }) }],
])('a line %s says what the usual logger says, in the same order', (_what, line) => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  try {
    const lines: string[] = [];
    const logger = createLogger('info', { write: (text: string) => lines.push(text) });
    logger.child(shared).warn(line, 'request');
    createPlainLogger(logger, shared).warn(line, 'request');
    const [usual = '', plain = ''] = lines;
    expect(plain.endsWith('}\n')).toBe(true);
    expect(plain.indexOf('\n')).toBe(plain.length - 1);
    const [expected, found] = [usual, plain].map((text): unknown => JSON.parse(text));
    expect(found).toEqual(expected);
    expect(Object.keys(found as object)).toEqual(Object.keys(expected as object));
  } finally {
    vi.useRealTimers();
  }
});

test('a line below the level is not made', () => {
  const lines: string[] = [];
  createPlainLogger(createLogger('error', { write: (text: string) => lines.push(text) }), shared).info({}, 'request');
  expect(lines).toEqual([]);
});
