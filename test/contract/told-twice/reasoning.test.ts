import { describe, expect, test } from 'vitest';
import { bytesOf, plainRequest, translate } from '../translate.ts';
import { bash, c, chat, end, ls, tell, tellStream } from './tell.ts';
import type { Case } from './tell.ts';

describe('reasoning that is told in several places', () => {
  const both = { reasoning_content: 'Let me see.', content: '<think>\nLet me see.\n</think>\n\nSo' };
  test.each<Case>([
    ['in one chunk', [c(both), end], ['thinking: Let me see.', 'text: So']],
    [
      'piece by piece',
      [
        c({ reasoning_content: 'Let ', content: '<think>Let ' }),
        c({ reasoning_content: 'me', content: 'me' }),
        c({ content: '</think>So' }),
        end,
      ],
      ['thinking: Let me', 'text: So'],
    ],
    [
      'the tags later',
      [
        c({ reasoning_content: 'Let me' }),
        c({ content: '<thi' }),
        c({ content: 'nk>Let ' }),
        c({ content: 'me</th' }),
        c({ content: 'ink>So' }),
        end,
      ],
      ['thinking: Let me', 'text: So'],
    ],
    [
      'the tags first',
      [
        c({ content: '<think>Let ' }),
        c({ content: 'me</think>', reasoning_content: 'Let me' }),
        c({ content: 'So' }),
        end,
      ],
      ['thinking: Let me', 'text: So'],
    ],
    [
      'the member late',
      [
        c({ content: '<think>Let me</think>' }),
        c({ reasoning_content: 'Let ' }),
        c({ reasoning_content: 'me' }),
        c({ content: 'So' }),
        end,
      ],
      ['thinking: Let me', 'text: So'],
    ],
    [
      'the member ahead of the tags',
      [c({ reasoning: 'Let me ', content: '<think>Let' }), c({ reasoning: 'see', content: ' me see</think>So' }), end],
      ['thinking: Let me see', 'text: So'],
    ],
    [
      'the tags ahead of the member',
      [c({ reasoning: 'Let', content: '<think>Let me' }), c({ reasoning: ' me see', content: ' see</think>So' }), end],
      ['thinking: Let me see', 'text: So'],
    ],
    [
      'in all places',
      [
        c({
          reasoning: 'Hm',
          reasoning_content: 'Hm',
          reasoning_details: [{ type: 'reasoning.text', text: 'Hm' }],
          content: '<think>Hm</think>So',
        }),
        end,
      ],
      ['thinking: Hm', 'text: So'],
    ],
    [
      'in two members by turns',
      [
        c({ reasoning: 'Hm, ' }),
        c({ reasoning_content: 'Hm, ' }),
        c({ reasoning: 'so' }),
        c({ reasoning_content: 'so' }),
        c({ content: 'So' }),
        end,
      ],
      ['thinking: Hm, so', 'text: So'],
    ],
    [
      'in parts of a list',
      [
        c({
          reasoning_content: 'Hm',
          content: [
            { type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] },
            { type: 'text', text: 'So' },
          ],
        }),
        end,
      ],
      ['thinking: Hm', 'text: So'],
    ],
    [
      'with a call',
      [c({ ...both, content: '<think>Let me see.</think>' }), c(bash), end],
      ['thinking: Let me see.', `Bash ${ls}`],
    ],
    [
      'in one of two members, the other being empty',
      [
        c({ reasoning: 'Hm', reasoning_content: '' }),
        c({ reasoning: ', so', reasoning_content: '' }),
        c({ reasoning: '', reasoning_content: '', content: 'So' }),
        end,
      ],
      ['thinking: Hm, so', 'text: So'],
    ],
    [
      'different in two members',
      [c({ reasoning: 'One. ' }), c({ reasoning_content: 'Two.' }), c({ content: 'So' }), end],
      ['thinking: One. Two.', 'text: So'],
    ],
    [
      'and a tag that the answer speaks of',
      [c({ reasoning_content: 'Hm' }), c({ content: '<think>' }), c({ content: ' is a tag' }), end],
      ['thinking: Hm', 'text: <think> is a tag'],
    ],
    [
      'and a tag that begins alike',
      [c({ reasoning_content: 'Hm, so' }), c({ content: '<think>Hm, no</think>' }), end],
      ['thinking: Hm, so', 'text: <think>Hm, no</think>'],
    ],
    [
      'that begins again',
      [
        c({ reasoning_content: 'Hm' }),
        c({ content: 'One. ' }),
        c({ reasoning_content: 'Hm' }),
        c({ content: 'Two.' }),
        end,
      ],
      ['thinking: Hm', 'text: One. ', 'thinking: Hm', 'text: Two.'],
    ],
  ])('is told once: %s', (_name, chunks, expected) => {
    expect(tell(chat, chunks)).toEqual(expected);
  });

  const told = { reasoning_content: 'Let me see.' };
  test.each([
    '<thinking>Let me see.</thinking>',
    '<THINK>Let me see.</THINK>',
    '<Think>\nLet me see.\n</think>\n',
    '<seed:think>Let me see.</seed:think>',
    '<thought>Let me see.</thought>',
    '<reasoning>\nLet me see.</reasoning>',
    '<|think|>Let me see.<|/think|>',
    '[THINK]Let me see.[/THINK]',
    '◁think▷Let me see.◁/think▷',
    'Let me see.</think>',
    'Let me see.\n</think>\n\n',
    '\nLet me see.</THINK>',
    'Let me</think>',
    '</think>',
    '</think>\n\n',
  ])('is told once whatever its tags are: %j', (tagged) => {
    const expected = ['thinking: Let me see.', 'text: So it is.'];
    for (const profile of ['compatible', 'openai', 'nvidia'] as const) {
      const target = { ...chat, profile };
      expect(tell(target, [c({ ...told, content: `${tagged}So it is.` }), end])).toEqual(expected);
      expect(tell(target, [c(told), c({ content: tagged }), c({ content: 'So it is.' }), end])).toEqual(expected);
      const letters = Array.from(`${tagged}So it is.`, (content) => c({ content }));
      expect(tell(target, [c(told), ...letters, end])).toEqual(expected);
    }
    const line = (message: object) => `${JSON.stringify({ message, done: false })}\n`;
    const lines = line({ thinking: 'Let me see.' }) + line({ content: tagged }) + line({ content: 'So it is.' });
    expect(tellStream({ dialect: 'ollama', model: 'm' }, `${lines}{"done":true}\n`)).toEqual(expected);
  });

  test.each([
    'Let me see. So it is.',
    'Let me see.',
    'Let me',
    'Let me see that file</think>',
    '<thinking>Let us see.</thinking>So',
    '<thinking>',
    '<div>Let me look.</div>',
    '[1] Let me see.',
    '- [ ] Let me see.',
    'The end is </think>',
    '</div>',
    '<',
    '[THINK',
  ])('does not make reasoning of a text that begins alike: %j', (text) => {
    const expected = ['thinking: Let me see.', `text: ${text}`];
    expect(tell(chat, [c({ ...told, content: text }), end])).toEqual(expected);
    expect(tell(chat, [c(told), ...Array.from(text, (content) => c({ content })), end])).toEqual(expected);
  });

  test('keeps its place beside a text that says the same', () => {
    const chunks = [c({ reasoning_content: 'x' }), c({ content: 'x' }), c({ reasoning_content: 'x' }), c(bash), end];
    expect(tell(chat, chunks)).toEqual(['thinking: x', 'text: x', 'thinking: x', `Bash ${ls}`]);
  });

  test('is told by its tags alone where they are those of a model', () => {
    for (const name of ['think', 'THINK', 'seed:think']) {
      expect(tell(chat, [c({ content: `<${name}>Hm</${name}>So` }), end])).toEqual(['thinking: Hm', 'text: So']);
    }
    expect(tell(chat, [c({ content: '<thinking>Hm</thinking>So' }), end])).toEqual(['text: <thinking>Hm</thinking>So']);
  });

  test('is told once by a server that is known to take the reasoning out of the text', () => {
    expect(tell({ ...chat, profile: 'openai' }, [c(both), end])).toEqual(['thinking: Let me see.', 'text: So']);
  });

  test('is told once in an answer that is no stream', () => {
    const answer = { choices: [{ index: 0, message: { role: 'assistant', ...both }, finish_reason: 'stop' }] };
    const read = translate(plainRequest, chat).reader.answer(bytesOf(JSON.stringify(answer)));
    if (read.kind !== 'message') throw new Error(read.error.publicMessage);
    expect(JSON.parse(String(read.body))).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'Let me see.' },
        { type: 'text', text: 'So' },
      ],
    });
  });
});
