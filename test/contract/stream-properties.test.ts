import { GatewayError } from '@ccg/kernel';
import { anthropicFrames, callTool, collectFrames, jsonTextAt, say } from '@ccg/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chatAnswers } from './arbitrary-answer.ts';
import { fixtureCases } from './fixture-cases.ts';
import { parseStream } from './sse-grammar.ts';
import { bytesOf, passesThrough, plainRequest, playStream, translate } from './translate.ts';
import type { TestTarget } from './translate.ts';

const chat = { dialect: 'openai-chat', model: 'gpt-4.1' } as const;
const anthropic = { dialect: 'anthropic', model: 'claude-opus-5-5' } as const;
const anthropicStream = anthropicFrames(
  { content: [say('Grüße, 世界 😀'), callTool('toolu_1', 'Bash', { command: 'ls "x"' })] },
  'claude-opus-5-5',
).join('');
const recorded = (['openai-chat', 'openai-responses', 'anthropic', 'ollama', 'gemini'] as const).flatMap((dialect) =>
  fixtureCases(dialect).flatMap((fixture) => {
    const stream = fixture.read('stream.in.txt');
    const request = fixture.read('request.in.json') ?? plainRequest;
    return stream === undefined
      ? []
      : [{ name: `${dialect} ${fixture.name}`, target: fixture.target, request, stream }];
  }),
);

describe('a stream of chat completions', () => {
  test('says by the grammar what the backend said', () => {
    fc.assert(
      fc.property(chatAnswers, (answer) => {
        const { text, progress } = play(chat, answer.stream);
        const parsed = parseStream(text);
        expect(parsed.content).toEqual(answer.content);
        const { input, cacheRead, output } = answer.usage;
        expect(parsed.usage).toMatchObject({
          input_tokens: input,
          cache_read_input_tokens: cacheRead,
          output_tokens: output,
        });
        expect(progress).toMatchObject({ state: 'complete', visible: true, error: undefined });
        expect(progress.usage).toMatchObject({ inputTokens: input, cacheReadTokens: cacheRead, outputTokens: output });
      }),
      { numRuns: 150 },
    );
  });

  test('never looks whole before its finish reason has come', () => {
    fc.assert(
      fc.property(
        chatAnswers,
        fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 8, maxLength: 8 }),
        (answer, places) => {
          const bytes = bytesOf(answer.stream);
          for (const place of places) {
            const cut = bytes.subarray(0, Math.floor(place * answer.completeFrom));
            const { text, progress } = playStream(translate(plainRequest, chat), [cut]);
            expect(progress.state).not.toBe('complete');
            expect(parseStream(text).end).toBe('error');
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe.each(recorded)('the recorded stream $name', ({ target, request, stream }) => {
  test('gives the same bytes however it is cut into chunks', () => {
    const whole = play(target, stream, request).text;
    fc.assert(
      fc.property(fc.array(fc.nat({ max: Buffer.byteLength(stream) }), { maxLength: 8 }), (places) => {
        const chunks = cutAt(bytesOf(stream), places);
        const played = playStream(translate(request, target), chunks);
        expect(played.text).toBe(whole);
        expect(played.writes).toBeLessThanOrEqual(chunks.length + 1);
      }),
      { numRuns: 30 },
    );
  });

  test('is grammatical cut at any byte, and whole only from its end on', () => {
    const bytes = bytesOf(stream);
    const completeFrom = endOfAnswer(target, stream);
    // Most bytes change nothing that comes out, and parsing it is what takes long.
    const ends = new Map<string, string>();
    const faults: string[] = [];
    const step = bytes.length > longBytes ? 7 : 1;
    for (let at = 0; at < bytes.length; at += step) {
      const { text, progress } = playStream(translate(request, target), [bytes.subarray(0, at)]);
      const end = ends.get(text) ?? endOf(target, text);
      ends.set(text, end);
      const isFaulty = end !== (progress.state === 'complete' ? 'message' : 'error');
      // One assertion for thousands of cuts.
      if (isFaulty || (end !== 'error' && at < completeFrom))
        faults.push(`cut at ${at}: ${end} when ${progress.state}`);
    }
    expect(faults).toEqual([]);
  });

  test('ends with one error event when it is failed in the middle, and says nothing more', () => {
    const bytes = bytesOf(stream);
    let text = '';
    const translator = translate(request, target).reader.stream((frames) => {
      text += typeof frames === 'string' ? frames : Buffer.from(frames).toString('latin1');
    });
    translator.push(bytes.subarray(0, bytes.length / 2));
    const failure = new GatewayError('upstream-timeout', 'The provider went silent. Try again.');
    translator.fail(failure);
    const ended = text;
    translator.fail(failure);
    translator.push(bytes.subarray(bytes.length / 2));
    translator.end();
    expect(text).toBe(ended);
    // The usage of what passes through is the upstream's own.
    const errorType = passesThrough(target) ? lastOf(text).errorType : parseStream(text).errorType;
    const hasContent = text.includes('content_block_start');
    if (translator.progress().error === failure) expect(errorType).toBe(hasContent ? 'api_error' : 'overloaded_error');
    else expect(translator.progress().state).not.toBe('open');
  });
});

test('an Anthropic stream passes byte for byte, however it is cut into chunks', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: Buffer.byteLength(anthropicStream) }), { maxLength: 20 }), (places) => {
      const played = playStream(translate(plainRequest, anthropic), cutAt(bytesOf(anthropicStream), places));
      expect(played.text).toBe(anthropicStream);
      expect(played.progress).toMatchObject({ state: 'complete', usage: { inputTokens: 1200, outputTokens: 34 } });
    }),
  );
});

/** A longer recording repeats one shape of event, so that cuts at every seventh byte meet every place of it. */
const longBytes = 4000;

function play(target: TestTarget, stream: string, request = plainRequest) {
  return playStream(translate(request, target), [bytesOf(stream)]);
}

function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [0, ...places.toSorted((one, other) => one - other), bytes.length];
  return cuts.slice(1).map((cut, index) => bytes.subarray(cuts[index] ?? 0, cut));
}

/** From how many bytes on the answer may count as whole: the end of its last event that says so. */
function endOfAnswer(target: TestTarget, stream: string): number {
  const marks = {
    ollama: /"done":true[^\n]*\}/u,
    'openai-chat': /"finish_reason": ?"[a-z_]+"|data: \[DONE\]/u,
    gemini: /"finish(?:Reason|_reason)": ?"[A-Z_]+"|data: \[DONE\]|"blockReason": ?"[A-Z_]+"/u,
    'openai-responses': /"type":"response\.(?:completed|incomplete)"[^\n]*\}/u,
    anthropic: /"stop_reason": ?"[a-z_]+"/u,
  };
  const found = marks[target.dialect].exec(stream);
  return found === null ? Infinity : Buffer.byteLength(stream.slice(0, found.index + found[0].length));
}

/** What passes through is Anthropic's own grammar, which knows empty deltas and other blocks; only its end is ours. */
function endOf(target: TestTarget, text: string): string {
  if (!passesThrough(target)) return parseStream(text).end;
  const { event } = lastOf(text);
  return event === 'message_stop' ? 'message' : event;
}

function lastOf(text: string): { readonly event: string; readonly errorType: string } {
  const last = collectFrames(text).at(-1) ?? { event: '', data: '{}' };
  return { event: last.event, errorType: jsonTextAt(JSON.parse(last.data), 'error', 'type') };
}
