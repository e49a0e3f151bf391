import { describe, expect, test } from 'vitest';
import { bash, bashInPieces, c, calls, chat, end, fn, ls, stop, tell } from './tell.ts';
import type { Case } from './tell.ts';

const choice = (more: object) => ({ choices: [{ index: 0, ...more }] });
const whole = (message: object, more: object = stop) => choice({ message: { role: 'assistant', ...message }, ...more });
const snapshotOfBash = whole(calls({ id: 'z', ...fn('Bash', ls) }));

describe('a snapshot in a stream of chat completions', () => {
  test.each<Case>([
    [
      'with the finish reason',
      [c({ content: 'Hel' }), c({ content: 'lo' }), whole({ content: 'Hello' })],
      ['text: Hello'],
    ],
    ['after it', [c({ content: 'Hello' }), end, whole({ content: 'Hello' }, {})], ['text: Hello']],
    ['before it', [c({ content: 'Hello' }), whole({ content: 'Hello' }, {}), end], ['text: Hello']],
    [
      'beside the last delta',
      [c({ content: 'Hel' }), choice({ delta: { content: 'lo' }, message: { content: 'Hello' }, ...stop })],
      ['text: Hello'],
    ],
    [
      'beside every delta',
      ['H', 'He', 'Hey'].map((content, at) =>
        choice({ delta: { content: content.at(at) }, message: { content }, ...(at === 2 ? stop : {}) }),
      ),
      ['text: Hey'],
    ],
    [
      'that is all there is',
      [c({ role: 'assistant' }), whole({ content: 'Hello', reasoning_content: 'Hm' })],
      ['thinking: Hm', 'text: Hello'],
    ],
    ['that grows', [whole({ content: 'Hel' }, {}), whole({ content: 'Hello' })], ['text: Hello']],
    ['twice', [c({ content: 'Hello' }), whole({ content: 'Hello' }), whole({ content: 'Hello' })], ['text: Hello']],
    ['with more than the deltas', [c({ content: 'Hel' }), whole({ content: 'Hello' })], ['text: Hello']],
    ['with less than the deltas', [c({ content: 'Hello' }), whole({ content: 'Hel' })], ['text: Hello']],
    [
      'without white space around it',
      [c({ content: '\n Hello\n' }), whole({ content: 'Hello' })],
      ['text: \n Hello\n'],
    ],
    [
      'in other escapes',
      [
        c({ content: 'Grüße 😀' }),
        `{"choices":[{"message":{"content":"Gr\\u00fc\\u00dfe \\ud83d\\ude00"},"finish_reason":"stop"}]}`,
      ],
      ['text: Grüße 😀'],
    ],
    ['without content', [c({ content: 'Hello' }), whole({ content: null, tool_calls: [] })], ['text: Hello']],
    [
      'of reasoning',
      [c({ reasoning_content: 'Hm' }), c({ content: 'So' }), whole({ reasoning_content: 'Hm', content: 'So' })],
      ['thinking: Hm', 'text: So'],
    ],
    [
      'of reasoning in tags',
      [c({ content: '<think>Hm</think>' }), c({ content: 'So' }), whole({ content: '<think>Hm</think>So' })],
      ['thinking: Hm', 'text: So'],
    ],
    [
      'that took the reasoning out of the tags',
      [c({ content: '<think>Hm</think>\n' }), c({ content: 'So' }), whole({ reasoning_content: 'Hm', content: 'So' })],
      ['thinking: Hm', 'text: So'],
    ],
    [
      'that put the reasoning into tags',
      [c({ reasoning_content: 'Hm' }), c({ content: 'So' }), whole({ content: '<think>\nHm\n</think>\n\nSo' })],
      ['thinking: Hm', 'text: So'],
    ],
    [
      'with reasoning that was not told',
      [c({ content: 'So' }), whole({ reasoning: 'Hm', content: 'So' })],
      ['text: So', 'thinking: Hm'],
    ],
    [
      'of details',
      [
        c({ reasoning_details: [{ type: 'reasoning.text', text: 'Hm' }] }),
        c({ content: 'So' }),
        whole({ reasoning_details: [{ type: 'reasoning.text', text: 'Hm' }], content: 'So' }),
      ],
      ['thinking: Hm', 'text: So'],
    ],
    ['of a call, with another id', [...bashInPieces, snapshotOfBash], [`Bash ${ls}`]],
    [
      'of a call, written otherwise',
      [...bashInPieces, whole(calls({ id: 'z', ...fn('Bash', { command: 'ls' }) }))],
      [`Bash ${ls}`],
    ],
    [
      'of a call, its members in another order',
      [
        c(calls({ index: 0, id: 'a', ...fn('Bash', '{"a":1,"b":[{"c":1,"d":2}]}') })),
        whole(calls(fn('Bash', '{"b":[{"d":2,"c":1}],"a":1}'))),
      ],
      ['Bash {"a":1,"b":[{"c":1,"d":2}]}'],
    ],
    ['with the end of a call', [bashInPieces[0] ?? {}, snapshotOfBash], [`Bash ${ls}`]],
    [
      'with the arguments of a call',
      [c(calls({ index: 0, id: 'a', ...fn('Bash', '') })), snapshotOfBash],
      [`Bash ${ls}`],
    ],
    [
      'with the name of a call',
      [c(calls({ index: 0, id: 'a', ...fn('', '{"command":') })), snapshotOfBash],
      [`Bash ${ls}`],
    ],
    [
      'with a call that was not told',
      [c({ content: 'So' }), whole({ content: 'So', ...calls({ id: 'z', ...fn('Bash', ls) }) })],
      ['text: So', `Bash ${ls}`],
    ],
    [
      'with one of two calls that was not told',
      [c(bash), whole(calls({ id: 'y', ...fn('Read', '{"path":"a"}') }, { id: 'z', ...fn('Bash', ls) }))],
      [`Bash ${ls}`, 'Read {"path":"a"}'],
    ],
    ['without the arguments of a call', [c(bash), whole(calls({ id: 'a', ...fn('Bash', '{}') }))], [`Bash ${ls}`]],
    [
      'of two calls that are alike',
      [
        c(bash),
        c(calls({ index: 1, id: 'b', ...fn('Bash', ls) })),
        whole(calls({ id: 'y', ...fn('Bash', ls) }, { id: 'z', ...fn('Bash', ls) })),
      ],
      [`Bash ${ls}`, `Bash ${ls}`],
    ],
    [
      'of everything',
      [
        c({ reasoning_content: 'Hm' }),
        c({ content: 'So' }),
        ...bashInPieces,
        whole({ reasoning_content: 'Hm', content: 'So', ...calls({ id: 'z', ...fn('Bash', ls) }) }),
      ],
      ['thinking: Hm', 'text: So', `Bash ${ls}`],
    ],
    ['of other text', [c({ content: 'Hello' }), whole({ content: 'Help' })], []],
    ['of text with a hole', [c({ content: 'Hel' }), c({ content: ' world' }), whole({ content: 'Hello world' })], []],
    [
      'of other reasoning',
      [c({ reasoning_content: 'Hm' }), c({ content: 'So' }), whole({ reasoning_content: 'Oh', content: 'So' })],
      [],
    ],
    ['of other arguments', [...bashInPieces, whole(calls({ id: 'z', ...fn('Bash', '{"command":"rm"}') }))], []],
    ['of another call', [c(bash), whole(calls({ id: 'z', ...fn('Read', ls) }))], []],
  ])('adds only what the deltas lacked: %s', (_name, chunks, expected) => {
    expect(tell(chat, chunks)).toEqual(expected);
  });

  test.each<Case>([
    [
      'text',
      [c({ content: 'Hello dear ' }), c({ content: 'world' }), c({ content: 'Hello dear world' }, stop)],
      ['text: Hello dear world'],
    ],
    [
      'text, and more',
      [c({ content: 'Hello dear ' }), c({ content: 'wor' }), c({ content: 'Hello dear world' }, stop)],
      ['text: Hello dear worHello dear world'],
    ],
    [
      'long text, and more',
      [c({ content: 'Hello dear old wor' }), c({ content: 'Hello dear old world' }, stop)],
      ['text: Hello dear old world'],
    ],
    ['a short text that may repeat itself', [c({ content: 'ha' }), c({ content: 'ha' }, stop)], ['text: haha']],
    [
      'reasoning',
      [c({ reasoning: 'I think, so I am.' }), c({ content: 'So' }), c({ reasoning: 'I think, so I am.' }, stop)],
      ['thinking: I think, so I am.', 'text: So'],
    ],
    ['calls under other ids', [c(bash), c(calls({ index: 0, id: 'z', ...fn('Bash', ls) }), stop)], [`Bash ${ls}`]],
    [
      'the same call to another place',
      [c(bash), c(calls({ index: 1, id: 'z', ...fn('Bash', ls) }), stop)],
      [`Bash ${ls}`, `Bash ${ls}`],
    ],
  ])('may be the delta with the finish reason: %s', (_name, chunks, expected) => {
    expect(tell(chat, chunks)).toEqual(expected);
  });
});
