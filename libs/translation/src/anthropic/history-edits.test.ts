import { readMessagesRequest, spliceBytes, stringToBytes, bytesToString } from '@ccg/wire';
import { expect, test } from 'vitest';
import { historyEdits } from './history-edits.ts';

const ours = '{"type":"thinking","thinking":"x","signature":"ccg1.AA"}';
const text = '{"type":"text","text":"x"}';

function edited(messages: string): string {
  const messagesRequest = readMessagesRequest(stringToBytes(`{"model":"m","messages":${messages}}`));
  const body = bytesToString(spliceBytes(messagesRequest.body(), historyEdits(messagesRequest, 'ours')));
  return body.slice('{"model":"m","messages":'.length, -1);
}

function turn(...blocks: readonly string[]): string {
  return `{"role":"assistant","content":[${blocks.join(' , ')}]}`;
}

test.each([
  [turn(ours, text), turn(text)],
  [turn(text, ours), turn(text)],
  [turn(ours, ours, text, ours, ours, text, ours), turn(text, text)],
])('takes one comma along with each block: %s', (before, after) => {
  expect(edited(`[${before}]`)).toBe(`[${after}]`);
});

test('takes any number of blocks out of a history that other backends may have been sent', () => {
  const many = (length: number) => `[${turn(`${text},${Array.from({ length }, () => ours).join()}`)}]`;
  expect(edited(many(19_999))).toBe(`[${turn(text)}]`);
  expect(edited(many(20_000))).toBe(many(20_000));
});

test('takes a message along that has nothing else', () => {
  expect(edited(`[${turn(ours)},{"role":"user","content":"a"},${turn(ours, ours)}]`)).toBe(
    '[{"role":"user","content":"a"}]',
  );
});

test.each([
  ['what a user says', `[{"role":"user","content":[${ours}]}]`],
  ['text that speaks of the tag', `[${turn('{"type":"text","text":"\\"ccg1."}')}]`],
  ['a signature of Anthropic', `[${turn('{"type":"thinking","thinking":"ccg1.","signature":"Eq"}')}]`],
  ['what is nested without end', `[${turn(ours)},${'['.repeat(200_000)}${']'.repeat(200_000)}]`],
  ['what is no JSON below', '[{"role":"assistant","content":["ccg1." 1]}]'],
])('leaves %s alone', (_what, messages) => {
  expect(edited(messages)).toBe(messages);
});
