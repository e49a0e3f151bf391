import { noUsage } from '@ccg/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createFrameWriter } from './frame-writer.ts';
import { createMessageWriter } from './message-writer.ts';
import { withWholeCharacters } from './whole-characters.ts';

type Kind = 'text' | 'thinking' | 'tool_use';

/** The deltas that a client gets for these literals, each decoded by itself. */
function deltasOf(kind: Kind, literals: readonly string[]): string[] {
  const writer = createFrameWriter({ id: 'msg_1', model: 'm', requestId: 'req_1' });
  const whole = withWholeCharacters(writer);
  if (kind === 'tool_use') whole.openTool({ id: 'call_1', name: 'Bash' });
  else whole.openText(kind);
  for (const literal of literals) whole.delta(literal);
  if (kind === 'thinking') whole.closeThinking('');
  else whole.close();
  return [...writer.take().matchAll(/^data: (.*)$/gmu)].flatMap(([, data = '']) => {
    const { delta = {} } = JSON.parse(data);
    return delta.text ?? delta.thinking ?? delta.partial_json ?? [];
  });
}

const literalOf = (text: string) => JSON.stringify(text).slice(1, -1);

const pieces = ['a', '\\', 'u', 'd83d', 'de00', '\ud83d', '\ude00', '😀', 'é', '"', '\n'];

describe.each(['text', 'thinking'] as const)('%s', (kind) => {
  test.each([
    ['halves in two deltas', [String.raw`a\ud83d`, String.raw`\uDE00b`], ['a', '😀b']],
    ['halves with an empty delta between', [String.raw`\ud83d`, '', String.raw`\ude00`], ['😀']],
    ['a pair in one delta', [String.raw`\ud83d\ude00`], ['😀']],
    ['a high half before other text', [String.raw`a\ud83d`, 'b'], ['a', '\ufffdb']],
    ['a high half at the end', [String.raw`a\ud83d`], ['a', '\ufffd']],
    ['a low half alone', [String.raw`\ude00`], ['\ufffd']],
    ['two high halves', [String.raw`\ud83d`, String.raw`\ud83d`, String.raw`\ude00`], ['\ufffd', '😀']],
    ['letters that only look like halves', [String.raw`\\ud83d`, String.raw`\\`, 'ude00'], ['\\ud83d', '\\', 'ude00']],
  ])('%s', (_what, literals, deltas) => {
    expect(deltasOf(kind, literals)).toEqual(deltas);
  });

  test('that is well formed stays as it came', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom(...pieces) }).map((text) => text.toWellFormed())),
        (texts) => {
          expect(deltasOf(kind, texts.map(literalOf))).toEqual(texts.filter((text) => text !== ''));
        },
      ),
    );
  });
});

test('arguments are JSON of whole characters, wherever they are cut', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...pieces) }),
      fc.boolean(),
      fc.array(fc.nat({ max: 60 })),
      (text, escaped, cuts) => {
        // Either halves are escapes of the arguments themselves, or of the chunk that holds them.
        const json = escaped
          ? JSON.stringify({ text })
          : `{"text":"${text.replaceAll(/["\\\n]/gu, '\\$&').replaceAll('\\\n', '\\n')}"}`;
        const places = [0, ...cuts.toSorted((a, b) => a - b), json.length];
        const literals = places.slice(1).map((end, index) => literalOf(json.slice(places[index], end)));
        const told = deltasOf('tool_use', literals);
        expect(told.every((delta) => delta.isWellFormed())).toBe(true);
        expect(JSON.parse(told.join(''))).toEqual({ text: text.toWellFormed() });
      },
    ),
  );
});

test('arguments that stop in the middle of an escape stop there', () => {
  for (const cut of [String.raw`{\"a\":\"\\`, String.raw`{\"a\":\"\\ud8`]) {
    expect(deltasOf('tool_use', [cut]).join('')).toBe(JSON.parse(`"${cut}"`));
  }
});

test('a document holds whole characters, also in names', () => {
  const writer = createMessageWriter({ id: 'msg_1', model: 'm', requestId: 'req_1' });
  const whole = withWholeCharacters(writer);
  whole.openTool({ id: 'call_1', name: String.raw`Re\ud83dad` });
  whole.delta(String.raw`{\"a\":\"\\ud8`);
  whole.delta(String.raw`3d\"}`);
  whole.close();
  whole.end({ stopReason: 'stop_sequence', stopSequence: String.raw`\ude00`, usage: noUsage, webSearches: 0 });
  expect(JSON.parse(writer.take())).toMatchObject({
    content: [{ name: 'Re\ufffdad', input: { a: '\ufffd' } }],
    stop_sequence: '\ufffd',
  });
});
