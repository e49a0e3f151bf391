import { expect, test } from 'vitest';
import { Secret } from '@ccg/kernel';
import { createLogger } from './logger.ts';

test('a line is one JSON object with a level and a time', () => {
  const { lines, logger } = capture();
  logger.info({ requestId: 'req_1' }, 'request');
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', msg: 'request', requestId: 'req_1' });
  expect(lines[0]).toMatch(/"time":"\d{4}-\d\d-\d\dT[\d:.]+Z"/u);
});

test('secrets, headers and bodies reach no line, neither at its top nor one level below', () => {
  const { lines, logger } = capture();
  const error = Object.assign(new Error('failed', { cause: new Error('below') }), { headers: ['hush'], body: 'hush' });
  const line = { err: error, key: new Secret('hush'), call: { headers: { x: 'hush' }, body: 'hush' }, apiKey: 'hush' };
  logger.error(line, 'problem');
  expect(lines.join('')).not.toContain('hush');
  expect(lines[0]).toContain('below');
  // The caller's own object is not changed.
  expect(line).toMatchObject({ apiKey: 'hush', call: { body: 'hush' } });
});

function capture() {
  const lines: string[] = [];
  return { lines, logger: createLogger('info', { write: (line: string) => lines.push(line) }) };
}
