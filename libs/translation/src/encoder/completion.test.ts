import { expect, test } from 'vitest';
import { stopReason } from './completion.ts';

test.each([
  [undefined, false, 'end_turn'],
  [undefined, true, 'tool_use'],
  [{ kind: 'stop' }, false, 'end_turn'],
  [{ kind: 'stop' }, true, 'tool_use'],
  [{ kind: 'length' }, false, 'max_tokens'],
  [{ kind: 'length' }, true, 'max_tokens'],
  [{ kind: 'refusal' }, false, 'refusal'],
  [{ kind: 'refusal' }, true, 'tool_use'],
  [{ kind: 'stop-sequence', literal: 'x' }, false, 'stop_sequence'],
  [{ kind: 'stop-sequence', literal: 'x' }, true, 'tool_use'],
] as const)('%j with a call written: %s is %s', (finish, wroteToolUse, expected) => {
  expect(stopReason(finish, wroteToolUse)).toBe(expected);
});
