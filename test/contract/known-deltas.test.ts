import { anyCharacter } from '@ccg/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, plainRequest, translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

/** A delta as its server writes it, with what else differs from delta to delta. */
interface Delta {
  readonly kind: 'text' | 'thinking';
  readonly text: string;
  readonly number: number;
}

interface Dialect {
  readonly target: TestTarget;
  readonly delta: (delta: Delta) => object;
  readonly end: readonly object[];
  readonly frame: (json: string) => string;
}

const event = (json: string) => `data: ${json}\n\n`;
const chatEnd = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
const geminiChunk = (parts: readonly object[], number: number, more: object = {}) => ({
  candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
  usageMetadata: { promptTokenCount: 5, candidatesTokenCount: number, totalTokenCount: number + 5 },
});

const dialects: Readonly<Record<string, Dialect>> = {
  'openai-chat': {
    target: { dialect: 'openai-chat', model: 'gpt-4.1' },
    delta: ({ kind, text, number }) => ({
      created: number,
      choices: [
        { index: 0, delta: kind === 'text' ? { content: text } : { reasoning_content: text }, finish_reason: null },
      ],
      obfuscation: 'x'.repeat(number % 9),
    }),
    end: [chatEnd],
    frame: event,
  },
  'openai-responses': {
    target: { dialect: 'openai-responses', model: 'gpt-4.1' },
    delta: ({ kind, text, number }) => ({
      type: kind === 'text' ? 'response.output_text.delta' : 'response.reasoning_summary_text.delta',
      ...(kind === 'text' ? { content_index: number % 2 } : { summary_index: 0 }),
      delta: text,
      item_id: kind,
      output_index: kind === 'text' ? 1 : 0,
      obfuscation: 'x'.repeat(number % 9),
      // Numbers that do not follow each other say nothing.
      sequence_number: 2 * number,
    }),
    end: [{ type: 'response.incomplete', response: { status: 'incomplete' } }],
    frame: event,
  },
  ollama: {
    target: { dialect: 'ollama', model: 'gpt-oss:20b' },
    delta: ({ kind, text, number }) => ({
      created_at: `2026-11-28T02:30:11.${number}Z`,
      message: { role: 'assistant', ...(kind === 'text' ? { content: text } : { content: '', thinking: text }) },
      done: false,
    }),
    end: [{ message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop', eval_count: 9 }],
    frame: (json) => `${json}\n`,
  },
  gemini: {
    target: { dialect: 'gemini', model: 'gemini-2.5-flash' },
    delta: ({ kind, text, number }) => geminiChunk([kind === 'text' ? { text } : { text, thought: true }], number),
    end: [geminiChunk([], 999, { finishReason: 'STOP' })],
    frame: event,
  },
};

const deltas: fc.Arbitrary<readonly Delta[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('text' as const, 'text' as const, 'thinking' as const),
      texts: fc.array(fc.string({ unit: anyCharacter, maxLength: 12 }), { minLength: 1, maxLength: 12 }),
      number: fc.nat({ max: 100 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((runs) =>
    runs.flatMap(({ kind, texts, number }) => texts.map((text, at) => ({ kind, text, number: number + at }))),
  );

describe.each(Object.entries(dialects))('a stream of %s', (_name, { target, delta, end, frame }) => {
  test('says the same whether its deltas are known by an earlier one or parsed', () => {
    fc.assert(
      fc.property(deltas, (list) => {
        const chunks = [...list.map(delta), ...end].map((chunk) => JSON.stringify(chunk));
        // No two of these have the same bytes around their text, so that none is known.
        const spaced = chunks.map((json, at) => `{${' '.repeat(at + 1)}${json.slice(1)}`);
        expect(stepsOf(target, spaced.map(frame))).toEqual(stepsOf(target, chunks.map(frame)));
      }),
      { numRuns: 100 },
    );
  });
});

/** What has come out after each chunk, and the progress then. */
function stepsOf(target: TestTarget, chunks: readonly string[]): readonly unknown[] {
  let text = '';
  const translator = translate(plainRequest, target).reader.stream((frames) => {
    text += typeof frames === 'string' ? frames : Buffer.from(frames).toString('latin1');
  });
  const steps = [...chunks, ''].map((chunk) => {
    if (chunk === '') translator.end();
    else translator.push(bytesOf(chunk));
    const { error, ...progress } = translator.progress();
    return { length: text.length, progress, error: error?.message };
  });
  return [...steps, text];
}
