import { encodeText, readJson, writeJson } from '@ccg/wire';
import { describe, expect, test } from 'vitest';
import { readReasoningState, writeReasoningState } from './reasoning-state.ts';

describe('a reasoning state', () => {
  test('comes back as it was written, its texts byte by byte', () => {
    const detail = encodeText('{"type":"reasoning.text","text":"Größe \\ud83d\\ude00 \\n","signature":null}');
    const parsed = readJson(detail);
    if (parsed === null || typeof parsed !== 'object' || !('type' in parsed)) throw new Error('no object');
    const back = readReasoningState(writeReasoningState({ origin: 'reasoning_details', details: [parsed] }));
    expect(back?.origin).toBe('reasoning_details');
    expect(back?.details.map(writeJson)).toEqual([detail]);
  });

  test('without details is its origin alone', () => {
    const written = writeReasoningState({ origin: 'reasoning_content', details: [] });
    expect(written).toBe('{"v":1,"origin":"reasoning_content"}');
    expect(readReasoningState(written)).toEqual({ origin: 'reasoning_content', details: [] });
  });

  test.each([
    ['another version', '{"v":2,"origin":"reasoning"}'],
    ['an unknown origin', '{"v":1,"origin":"thoughts"}'],
    ['no version', '{"origin":"reasoning"}'],
    ['no object', '[1]'],
    ['no JSON', '{"v":1,'],
  ])('is none with %s', (_what, text) => {
    expect(readReasoningState(text)).toBeUndefined();
  });
});
