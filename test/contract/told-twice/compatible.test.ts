import { describe, expect, test } from 'vitest';
import { ls, tell } from './tell.ts';
import type { Case } from './tell.ts';

const compatible = { dialect: 'anthropic', model: 'm', anthropicProfile: 'deepseek' } as const;

describe('an Anthropic-compatible server that repeats itself', () => {
  const open = (block: object, index = 0) => ({ type: 'content_block_start', index, content_block: block });
  const delta = (more: object, index = 0) => ({ type: 'content_block_delta', index, delta: more });
  const text = [open({ type: 'text', text: '' }), delta({ type: 'text_delta', text: 'So' })];
  const tool = (input: object) => open({ type: 'tool_use', id: 'a', name: 'Bash', input }, 1);
  const json = (partial_json: string) => delta({ type: 'input_json_delta', partial_json }, 1);
  const stop = (block: object, index = 0) => ({ type: 'content_block_stop', index, content_block: block });
  const called = (input: string) => ({ type: 'tool_use', id: 'a', name: 'Bash', input: JSON.parse(input) });
  const stopped = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } };
  const last = [stopped, { type: 'message_stop' }];
  const message = (...content: readonly object[]) => ({ type: 'message', role: 'assistant', content });

  test.each<Case>([
    [
      'a whole message after its events',
      [
        ...text,
        tool({}),
        json(ls),
        message({ type: 'text', text: 'So' }, { type: 'tool_use', id: 'z', name: 'Bash', input: { command: 'ls' } }),
        ...last,
      ],
      ['text: So', `Bash ${ls}`],
    ],
    [
      'the message in its last event',
      [...text, stopped, { type: 'message_stop', message: message({ type: 'text', text: 'So, yes' }) }],
      ['text: So, yes'],
    ],
    [
      'the block at its stop',
      [...text, stop({ type: 'text', text: 'So' }), tool({}), json(ls), stop(called(ls), 1), ...last],
      ['text: So', `Bash ${ls}`],
    ],
    [
      'a block of which its stop has more',
      [...text, stop({ type: 'text', text: 'So, yes' }), tool({}), stop(called(ls), 1), ...last],
      ['text: So, yes', `Bash ${ls}`],
    ],
    ['a call that its stop completes', [tool({}), json('{"command":"l'), stop(called(ls), 1), ...last], [`Bash ${ls}`]],
    ['a block that its stop contradicts', [...text, stop({ type: 'text', text: 'No' }), ...last], []],
    ['a call with another input at its stop', [tool({}), json('{"command":"pwd"}'), stop(called(ls), 1), ...last], []],
    [
      'a call with another name at its stop',
      [tool({}), json(ls), stop({ ...called(ls), name: 'Read' }, 1), ...last],
      [],
    ],
    ['a stop with an empty block', [...text, stop({ type: 'text', text: '' }), ...last], ['text: So']],
    ['another message', [...text, message({ type: 'text', text: 'No' }), ...last], []],
    [
      'the input in the start and in deltas',
      [...text, tool({ command: 'ls' }), json('{"command":'), json('"ls"}'), ...last],
      ['text: So', `Bash ${ls}`],
    ],
    ['{} before the input', [...text, tool({}), json('{}'), json(ls), ...last], ['text: So', `Bash ${ls}`]],
    ['the input twice', [...text, tool({}), json(ls), json(ls), ...last], ['text: So', `Bash ${ls}`]],
    ['input of a block that never began', [...text, json(ls), ...last], []],
  ])('is told once: %s', (_name, events, expected) => {
    expect(tell(compatible, events)).toEqual(expected);
  });
});
