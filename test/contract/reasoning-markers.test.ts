import { describe, expect, test } from 'vitest';
import { bash, c, chat, end, ls, tell } from './told-twice/tell.ts';

const analysis = '<|channel|>analysis<|message|>';
const final = '<|start|>assistant<|channel|>final<|message|>';

/** Chunks of the text, cut at these places. */
function chunksOf(text: string, places: readonly number[]): object[] {
  const cuts = [0, ...places, text.length];
  return cuts.slice(1).map((to, at) => c({ content: text.slice(cuts[at], to) }));
}

describe('reasoning that is marked in the text', () => {
  test.each([
    ['<think type="long">Let me see.</think>So', ['thinking: Let me see.', 'text: So']],
    ['[THINK]Let me see.[/THINK]So', ['thinking: Let me see.', 'text: So']],
    ['◁think▷Let me see.◁/think▷So', ['thinking: Let me see.', 'text: So']],
    ['<mm:think>Let me see.</mm:think>\n\nSo', ['thinking: Let me see.', 'text: So']],
    ['<|START_THINKING|>Let me see.<|END_THINKING|>So', ['thinking: Let me see.', 'text: So']],
    ['<|channel>thought\nLet me see.<channel|>So', ['thinking: Let me see.', 'text: So']],
    [`${analysis}Let me see.<|end|>${final}So`, ['thinking: Let me see.', 'text: So']],
    [`${analysis}Let me see.<|end|>${final}So<|return|>`, ['thinking: Let me see.', 'text: So']],
    [`<|start|>assistant${analysis}Let me see.<|end|>${final}So`, ['thinking: Let me see.', 'text: So']],
    [
      `${analysis}Let me <|end|><|start|>assistant${analysis}see.<|end|>${final}So`,
      ['thinking: Let me see.', 'text: So'],
    ],
    [`${analysis}1 < 2 <| "x"<|end|>${final}a <|b|> c`, ['thinking: 1 < 2 <| "x"', 'text: a <|b|> c']],
    ['<|channel|>final<|message|>So', ['text: So']],
    ['<|channel|>commentary<|message|>I look.<|end|>', ['text: I look.']],
  ])('is reasoning, wherever it is cut: %s', (text, expected) => {
    for (let at = 0; at <= text.length; at += 1) expect(tell(chat, [...chunksOf(text, [at]), end])).toEqual(expected);
    expect(tell(chat, [...Array.from(text, (content) => c({ content })), end])).toEqual(expected);
  });

  test('may lead to a call', () => {
    expect(tell(chat, [c({ content: `${analysis}Let me see.` }), c(bash), end])).toEqual([
      'thinking: Let me see.',
      `Bash ${ls}`,
    ]);
    expect(tell(chat, [c({ content: `${analysis}Let me see.<|end|><|start|>assistant` }), c(bash), end])).toEqual([
      'thinking: Let me see.',
      `Bash ${ls}`,
    ]);
  });

  test.each([
    '<thinker>is a tag</thinker>',
    '[thinking aloud] So',
    '[THINKING]So',
    '<|channel|> is the marker of a channel',
    `<|channel|> and ${'very '.repeat(80)}long`,
    '<|channel|>commentary to=functions.Bash <|constrain|>json<|message|>{"command":"ls"}',
    'So. <|channel|>analysis<|message|>Hm<|end|>',
    '<think',
    '[THI',
    '<|start',
    '◁thi',
  ])('is no reasoning where the text only speaks of it, or means something else: %s', (text) => {
    for (let at = 0; at <= text.length; at += 1) {
      expect(tell(chat, [...chunksOf(text, [at]), end])).toEqual([`text: ${text}`]);
    }
  });

  test.each(['<think>Let me see.</think>So', `${analysis}Let me see.<|end|>${final}So`])(
    'is reasoning of an Anthropic-compatible server, too: %s',
    (text) => {
      const compatible = { dialect: 'anthropic', model: 'm', anthropicProfile: 'llama-cpp' } as const;
      const delta = (piece: string) => ({
        type: 'content_block_delta',
        index: 0,
        delta: { type: 'text_delta', text: piece },
      });
      for (let at = 0; at <= text.length; at += 1) {
        const told = tell(compatible, [
          { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
          ...[text.slice(0, at), text.slice(at)].map(delta),
          { type: 'content_block_stop', index: 0 },
          { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
          { type: 'message_stop' },
        ]);
        expect(told).toEqual(['thinking: Let me see.', 'text: So']);
      }
    },
  );

  test('stays in the text where the provider is known to mark none', () => {
    const official = { dialect: 'openai-chat', model: 'gpt-4.1', profile: 'openai' } as const;
    const text = `${analysis}Let me see.<|end|>${final}So`;
    expect(tell(official, [c({ content: text }), end])).toEqual([`text: ${text}`]);
  });
});
